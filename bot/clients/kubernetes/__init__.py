"""The Kubernetes API by its official library's connection, and by structs of our own instead of its models.

Only this package knows the library. Its models cost 2 s and 53 MB at import, and decode on the loop.
"""

from bot.clients.kubernetes.cluster import KubernetesClient
from bot.clients.kubernetes.connection import Address
from bot.clients.kubernetes.hands import KubernetesHands
from bot.clients.kubernetes.sealed import Fingerprint, Sealing

__all__ = ["Address", "Fingerprint", "KubernetesClient", "KubernetesHands", "Sealing"]
