"""What the tests that run real programs share.

paths         where the programs under test are
process       running them: wrapped, cleaned up, their outputs searched for secrets
certs         certificates made by the openssl program
organization  orgtrust-server with an organization in it
world         a scratch machine: configuration, cache, environment, commands
"""
