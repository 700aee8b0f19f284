-- Schema gateway: whoever is erased leaves no passkey behind that was kept as theirs.
GRANT DELETE ON gateway.passkey TO pactgate_loader;
