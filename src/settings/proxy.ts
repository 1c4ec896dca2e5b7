/** The proxies that requests of the gateway go through. */
import type { ProxySettings } from '../http/proxy.ts';
import type { GeneralSettings } from './table.ts';

/** `undefined` without a proxy. */
export function toProxy({ http, https, no }: GeneralSettings['proxy']): ProxySettings | undefined {
  return http || https ? { httpsProxy: https, httpProxy: http, noProxy: no } : undefined;
}
