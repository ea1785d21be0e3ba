<?php
// Connects as often as it is told, with a context that it keeps or with a new one.

$said = ''; // by PHP's warnings, of which the first is OpenSSL's reason
set_error_handler(function (int $number, string $text): bool {
    $GLOBALS['said'] .= strtr($text, "\n", ' ') . ' ';
    return true;
});

function visit($context, string $host, string $port): string
{
    $GLOBALS['said'] = '';
    $stream = stream_socket_client("ssl://$host:$port", $number, $text, 30,
        STREAM_CLIENT_CONNECT, $context);
    if ($stream !== false) {
        fclose($stream);
        return "trusted";
    }
    return (str_contains($GLOBALS['said'], 'certificate verify failed') ? 'refused: '
        : 'error: ') . $GLOBALS['said'];
}

$kept = stream_context_create();
while (($line = fgets(STDIN)) !== false) {
    [$how, $host, $port] = explode(' ', trim($line));
    echo visit($how === 'kept' ? $kept : stream_context_create(), $host, $port), "\n";
}
