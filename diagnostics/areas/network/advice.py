"""What to do about what the network checks find: a table of advice by the id of the cause."""

from diagnostics.advice import RENEW, Advice

_WHO_IS_BEHIND = Advice(
    "Compare the selector with the labels of the pods.",
    "{kubectl} describe service {name} -n {namespace} && {kubectl} get pods -n {namespace} --show-labels",
)
_CONTROLLER_LOG = Advice(
    "Read the ingress controller's log.",
    "{kubectl} logs {controller kind}/{controller} -n {controller_namespace} --tail=200",
)
_CONTROLLER_PODS = Advice(
    "See its pods, and the events about them.",
    "{kubectl} get pods -n {controller_namespace} -o wide && "
    "{kubectl} get events -n {controller_namespace} --sort-by=.lastTimestamp",
)
_CONTROLLER_SERVICE = Advice(
    "Compare with the load balancer's address.",
    "{kubectl} get services -n {controller_namespace} -o wide",
)
_CERTIFICATES = Advice(
    "See what cert-manager says of its certificate, request, order and challenge.",
    "{kubectl} get certificates -A && {kubectl} describe certificaterequest,order,challenge -A",
)
_HELM = Advice(
    "Mend it in the chart's values.yaml and run helm upgrade: what is changed by hand, the next upgrade undoes."
)
ADVICE: dict[str, tuple[Advice, ...]] = {
    "network.ingress-controller-missing": (
        Advice("See what Helm knows of it.", "helm status ingress-nginx -n {controller_namespace}"),
        Advice("Install it again with the values it had.", "helm history ingress-nginx -n {controller_namespace}"),
        Advice(
            "If it has another name here, set kubernetes.ingress_controller, so that Volati looks at the right one."
        ),
    ),
    "network.controller-down": (
        _CONTROLLER_PODS,
        Advice(
            "If it has crashed, read the log of the run before.",
            "{kubectl} logs {controller kind}/{controller} -n {controller_namespace} --previous --tail=100",
        ),
        Advice(
            "If it is scaled to 0, give it its pods back.",
            "{kubectl} scale deployment/{controller} -n {controller_namespace} --replicas=2",
            "scale {controller_namespace}/{controller} 2",
        ),
    ),
    "network.policy-cuts-path": (
        Advice(
            "See which policies select the pods, and what they allow.",
            "{kubectl} describe networkpolicy -n {namespace}",
        ),
        Advice(
            "Add the allowance that is missing: who may come in (ingress, from: namespaceSelector and podSelector), or "
            "where the pods may go (egress, to: with UDP and TCP 53 for DNS). Leave the default-deny policy as it is."
        ),
        _HELM,
    ),
    "network.policy-cuts-large-dns": (
        Advice("Nothing is to be done while names resolve. For large answers, allow TCP 53 beside UDP 53."),
    ),
    "network.service-missing": (
        Advice(
            "See whether the release has it, and install it again with helm upgrade.",
            "{kubectl} get services -n {namespace} && helm list -n {namespace}",
        ),
        Advice(
            "If the service has another name here, set it in Volati's settings (kubernetes.backend, "
            "kubernetes.keycloak_service)."
        ),
    ),
    "network.load-balancer-pending": (
        Advice(
            "Read the service's events: the provider says there why.",
            "{kubectl} describe service {name} -n {namespace}",
        ),
        Advice(
            "Check in the provider's control panel: the quota of load balancers, the cloud controller's access. "
            "A cluster without a provider needs one of its own, such as MetalLB."
        ),
    ),
    "network.selector-matches-nothing": (
        _WHO_IS_BEHIND,
        Advice(
            "Make the two equal again: the service's selector, or the labels of the workload's template. "
            "A deployment's own selector cannot be changed, so mostly it is the service that has to follow."
        ),
        _HELM,
    ),
    "network.no-pods": (
        Advice(
            "See why no pod is made: by the events a quota, a webhook or a missing service account refuses it.",
            "{kubectl} get events -n {namespace} --sort-by=.lastTimestamp",
        ),
        Advice("Compare the quota with what is asked for.", "{kubectl} describe quota -n {namespace}"),
    ),
    "network.endpoints-ending": (
        Advice(
            "See what keeps them: a finalizer, or a node that is gone.",
            "{kubectl} get pods -n {namespace} -o wide && {kubectl} get nodes",
        ),
        Advice("See why no other pods come.", "{kubectl} get deployments,statefulsets -n {namespace}"),
    ),
    "network.no-ready-endpoints": (
        Advice(
            "Find out why the pods are not ready; the finding says what they wait for.",
            "{kubectl} get pods -n {namespace} -o wide && {kubectl} describe pods -n {namespace}",
        ),
        Advice("For the reason behind it, diagnose the server: volati diagnose server."),
    ),
    "network.port-without-container": (
        Advice(
            "Compare the service's targetPort with the ports of the containers.",
            "{kubectl} describe service {name} -n {namespace}",
        ),
        Advice("Set targetPort to the container's port, best by its name (http), so that both move together."),
        _HELM,
    ),
    "network.scaled-to-zero": (
        Advice(
            "If it is not on purpose any more, scale it up again.",
            "{kubectl} get deployments,statefulsets -n {namespace}",
        ),
    ),
    "network.ingress-class-unknown": (
        Advice("See the classes there are, and which is the default.", "{kubectl} get ingressclasses"),
        Advice("Set spec.ingressClassName of the ingress to one of them, such as nginx."),
        _HELM,
    ),
    "network.ingress-service-missing": (
        Advice(
            "Compare the ingress with the services there are.",
            "{kubectl} describe ingress {name} -n {namespace} && {kubectl} get services -n {namespace}",
        ),
        Advice("An ingress can only lead to services of its own namespace: name one of them, or move the ingress."),
        _HELM,
    ),
    "network.ingress-port-missing": (
        Advice(
            "Compare the port in the ingress with those of the service.",
            "{kubectl} describe ingress {name} -n {namespace} && {kubectl} get services -n {namespace} -o wide",
        ),
        Advice("Set service.port of the ingress to the service's own port, not to the container's."),
        _HELM,
    ),
    "network.ingress-conflict": (
        Advice(
            "Decide which of them is meant, and take the host and path out of the other.",
            "{kubectl} get ingress -A --sort-by=.metadata.creationTimestamp",
        ),
        Advice("If both are, because one tries a new version, mark that with the annotation canary and a weight."),
    ),
    "network.ingress-annotation-clash": (
        Advice(
            "Keep the one that is meant, and take the other out.", "{kubectl} describe ingress {name} -n {namespace}"
        ),
        _HELM,
    ),
    "network.ingress-annotation-unknown": (
        Advice("Write the name as the controller knows it.", "{kubectl} describe ingress {name} -n {namespace}"),
        Advice("If a newer controller knows it, upgrade the controller first."),
        _HELM,
    ),
    "network.tls-secret-missing": (
        Advice(
            "See whether cert-manager is to make it, and what it waits for.",
            "{kubectl} describe certificate,certificaterequest,order,challenge -n {namespace}",
        ),
        Advice(
            "If it is made by hand, make it from the files of the certificate.",
            "{kubectl} create secret tls {name} -n {namespace} --cert=fullchain.pem --key=privkey.pem",
        ),
        Advice("If the ingress names a wrong secret, correct its secretName.", "{kubectl} get ingress -n {namespace}"),
    ),
    "network.tls-secret-unusable": (
        Advice("See its type and keys; values are not shown.", "{kubectl} describe secret {name} -n {namespace}"),
        Advice(
            "If cert-manager keeps it, have that one certificate renewed, and no other: each renewal counts against "
            "the issuer's limits.",
            "cmctl renew {certificate} -n {namespace}",
        ),
        Advice(
            "If it is kept by hand, make it anew from a certificate with its whole chain and the key that belongs to "
            "it. The type of a secret cannot be changed, so this deletes it and creates it again.",
            "{kubectl} create secret tls {name} -n {namespace} --cert=fullchain.pem --key=privkey.pem "
            "--dry-run=client -o yaml | {kubectl} replace --force -f -",
        ),
    ),
    "network.dns-missing": (
        _CONTROLLER_SERVICE,
        Advice("Add an A record (and AAAA, where it has one) for {name} to the load balancer's address."),
        Advice("If external-dns keeps the records, read its log first; it may have lost its access to the zone."),
    ),
    "network.resolver-silent": (
        Advice(
            "Ask another nameserver, to see whether it is the zone's or this one's fault.", "dig +short {name} @1.1.1.1"
        ),
        Advice(
            "If all fail alike, look at the zone's delegation and nameservers at the registrar.", "dig +trace {name}"
        ),
    ),
    "network.dns-elsewhere": (
        _CONTROLLER_SERVICE,
        Advice(
            "Point the record of {name} there. Visitors follow when its time to live is over; keep the old address "
            "serving until then."
        ),
        Advice("If a proxy such as a content network is in front, check there that its origin is the load balancer."),
    ),
    "network.lookup-slow": (
        Advice("See which of the configured nameservers is slow.", "cat /etc/resolv.conf"),
        Advice("Ask for {name} a second time: a nameserver that has it cached answers within a few ms.", "dig {name}"),
    ),
    "network.edge-refused": (
        _CONTROLLER_PODS,
        Advice(
            "See that the load balancer's ports lead to the controller.",
            "{kubectl} describe service -n {controller_namespace}",
        ),
    ),
    "network.edge-timeout": (
        Advice("Check the firewall in the provider's control panel: allow TCP 80 and 443 to the load balancer."),
        Advice(
            "Check the load balancer's health checks there, and the nodes behind it.", "{kubectl} get nodes -o wide"
        ),
        Advice(
            "With externalTrafficPolicy Local, only nodes with a controller pod are healthy.",
            "{kubectl} get pods -n {controller_namespace} -o wide",
        ),
    ),
    "network.edge-tls-failed": (
        _CONTROLLER_LOG,
        Advice("Check that the load balancer passes TCP 443 on untouched, with PROXY protocol on both sides or none."),
    ),
    "network.edge-silent": (_CONTROLLER_LOG, _CONTROLLER_PODS),
    "network.gateway-error": (
        _CONTROLLER_LOG,
        Advice(
            "See the pods and the addresses behind the service that the ingress leads to.",
            "{kubectl} get endpointslices,pods -n {backend_namespace} -o wide",
        ),
    ),
    "network.certificate-expired": (
        _CERTIFICATES,
        RENEW,
        Advice(
            "If it is kept by hand, put the new one into the ingress's secret (kubectl create secret tls "
            "--dry-run=client -o yaml, and kubectl apply)."
        ),
    ),
    "network.certificate-not-yet-valid": (
        Advice("Compare the clock of this machine with the certificate's beginning.", "timedatectl status"),
        Advice("If the clock is right, put the certificate that was valid before back into the secret."),
    ),
    "network.certificate-wrong-name": (
        _CERTIFICATES,
        Advice(
            "Ask for a certificate that names {name} (dnsNames, or the hosts of the ingress), or use the right secret."
        ),
        Advice(
            "If the secret has the right one, the controller has not taken it: its log says why.",
            "{kubectl} logs {controller kind}/{controller} -n {controller_namespace} --tail=200",
        ),
    ),
    "network.certificate-untrusted": (
        Advice(
            "See who issued it: a staging issuer of Let's Encrypt is trusted by nobody.", "{kubectl} get clusterissuers"
        ),
        Advice("Serve the whole chain: tls.crt holds the certificate first and then those that lead to the root."),
    ),
    "network.certificate-expiring": (_CERTIFICATES, RENEW),
    "network.controller-log-errors": (
        _CONTROLLER_LOG,
        Advice(
            "See which ingress or setting was changed last, and take the change back.",
            "{kubectl} get ingress -A --sort-by=.metadata.creationTimestamp",
        ),
    ),
}
