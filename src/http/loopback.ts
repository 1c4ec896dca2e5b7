/** Hosts that are this machine itself. */

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|::1|\[::1\])$/i;

/** Whether this host name or address, without a port, can only be this machine's own. */
export function isLoopback(host: string): boolean {
  return LOOPBACK.test(host);
}
