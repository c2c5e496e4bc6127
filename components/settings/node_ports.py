"""The gateway's node ports on a kind cluster, to which kind maps ports of this machine."""

HTTP_NODE_PORT = 30080
HTTPS_NODE_PORT = 30443
