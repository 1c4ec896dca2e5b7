/** The proxies that requests of the gateway go through. */
import type { ConnectOptions } from '../sources/vendor.ts';
import type { GeneralSettings } from './table.ts';

const LOOPBACK = 'localhost,127.0.0.1,::1';

/** `undefined` without a proxy. */
export function toProxy({ http = '', https = '', no = '' }: GeneralSettings['proxy']): ConnectOptions['proxy'] {
  if (!http && !https) return undefined;
  // Empty text where there is none: undici reads the environment of the process for what is undefined.
  return { httpsProxy: https, httpProxy: http, noProxy: no ? `${no},${LOOPBACK}` : LOOPBACK };
}
