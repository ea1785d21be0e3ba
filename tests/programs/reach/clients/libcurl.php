<?php
// Connects as often as it is told, with a handle that it keeps or with a new one.

function visit(CurlHandle $handle, string $host, string $port): string
{
    curl_setopt_array($handle, [
        CURLOPT_URL => "https://$host:$port/",
        CURLOPT_RETURNTRANSFER => true,
        CURLOPT_FORBID_REUSE => true, // of the connection
        CURLOPT_TIMEOUT => 30,
    ]);
    if (curl_exec($handle) !== false) {
        return "trusted";
    }
    return (curl_errno($handle) === CURLE_SSL_CACERT ? 'refused: ' : 'error: ') .
        strtr(curl_error($handle), "\n", ' ');
}

$kept = curl_init();
while (($line = fgets(STDIN)) !== false) {
    [$how, $host, $port] = explode(' ', trim($line));
    echo visit($how === 'kept' ? $kept : curl_init(), $host, $port), "\n";
}
