import tls from 'node:tls';

/** Authorities of all labs of this process; several may run at once. */
let trusted: string[] | undefined;

/**
 * Makes this process trust the lab's authority for every TLS connection that names none of its own, also those of the
 * Azure packages. `NODE_EXTRA_CA_CERTS` does the same for child processes, but counts at their start alone.
 */
export function trustLab(caPem: string): void {
  trusted ??= [...tls.getCACertificates('default')];
  trusted.push(caPem);
  tls.setDefaultCACertificates(trusted);
}
