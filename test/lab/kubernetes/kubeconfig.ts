// The kubeconfig that listClusterUserCredential gives, in its kinds.

export interface KubeconfigParts {
  readonly cluster: string;
  readonly resourceGroup: string;
  /** `https://127.0.0.1:port` */
  readonly server: string;
  /** PEM of the cluster's own authority. */
  readonly authorityPem: string;
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');

function head({ cluster, resourceGroup, server, authorityPem }: KubeconfigParts): string {
  const user = `clusterUser_${resourceGroup}_${cluster}`;
  return `apiVersion: v1
clusters:
- cluster:
    certificate-authority-data: ${base64(authorityPem)}
    server: ${server}
  name: ${cluster}
contexts:
- context:
    cluster: ${cluster}
    user: ${user}
  name: ${cluster}
current-context: ${cluster}
kind: Config
preferences: {}
users:
- name: ${user}
  user:
`;
}

/** With a client certificate: cluster-admin. */
export function localKubeconfig(
  parts: KubeconfigParts,
  client: { readonly certificatePem: string; readonly keyPem: string; readonly token: string },
): string {
  return `${head(parts)}    client-certificate-data: ${base64(client.certificatePem)}
    client-key-data: ${base64(client.keyPem)}
    token: ${client.token}
`;
}

/** With a program to run, which a careful reader does not run; `legacy` is the older form without one. */
export function entraKubeconfig(parts: KubeconfigParts, serverId: string, tenantId: string, legacy: boolean): string {
  if (legacy) {
    return `${head(parts)}    auth-provider:
      config:
        apiserver-id: ${serverId}
        client-id: 80faf920-1908-4b52-b5ef-a8e7bedfc67a
        config-mode: "1"
        environment: AzurePublicCloud
        tenant-id: ${tenantId}
      name: azure
`;
  }
  return `${head(parts)}    exec:
      apiVersion: client.authentication.k8s.io/v1beta1
      args:
      - get-token
      - --environment
      - AzurePublicCloud
      - --server-id
      - ${serverId}
      - --client-id
      - 80faf920-1908-4b52-b5ef-a8e7bedfc67a
      - --tenant-id
      - ${tenantId}
      - --login
      - devicecode
      command: kubelogin
      env: null
      installHint: |2

        kubelogin is not installed which is required to connect to AAD enabled cluster.

        To learn more, please go to https://aka.ms/aks/kubelogin
      provideClusterInfo: false
`;
}
