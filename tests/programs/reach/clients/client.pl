# Connects as often as it is told, with a context that it keeps or with a new one.
use strict;
use warnings;
use IO::Socket::SSL;

$| = 1;
my $kept = IO::Socket::SSL::SSL_Context->new() or die $SSL_ERROR;
while (my $line = <STDIN>) {
    my ($how, $host, $port) = split ' ', $line;
    my $socket = IO::Socket::SSL->new(
        PeerHost => $host, PeerPort => $port, Timeout => 30,
        $how eq 'kept' ? (SSL_reuse_ctx => $kept) : ());
    if ($socket) {
        print "trusted\n";
        close $socket;
    } elsif ($SSL_ERROR =~ /certificate verify failed/) {
        print "refused: certificate verify failed\n";
    } else {
        print "error: $SSL_ERROR\n";
    }
}
