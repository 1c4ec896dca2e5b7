/** The way out through a company's proxy, by the rules that `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` follow everywhere. */
import { fetch, Pool, ProxyAgent } from 'undici';
import { isLoopback } from './loopback.ts';

/** The values of the variables, in whichever spelling they were set. */
export interface ProxySettings {
  httpProxy?: string | undefined;
  httpsProxy?: string | undefined;
  /** Hosts to reach directly, separated by commas: `internal.example`, `.example.com`, `10.0.0.1:8080`, or `*`. */
  noProxy?: string | undefined;
}

/** `undefined` when the URL is to be reached directly, as this machine itself always is. */
export function proxyFor(url: URL, { httpProxy, httpsProxy, noProxy = '' }: ProxySettings): URL | undefined {
  const proxy = url.protocol === 'https:' ? httpsProxy : httpProxy;
  if (!proxy || isLoopback(url.hostname) || url.hostname.endsWith('.localhost')) return undefined;
  if (noProxy.split(/[,\s]+/).some((entry) => entry !== '' && isNamedBy(entry.toLowerCase(), url))) return undefined;
  return new URL(proxy.includes('://') ? proxy : `http://${proxy}`);
}

function isNamedBy(entry: string, url: URL): boolean {
  if (entry === '*') return true;
  const [, name = entry, port] = /^(\[.*\]|[^:]*)(?::(\d+))?$/.exec(entry) ?? [];
  if (port !== undefined && port !== (url.port || (url.protocol === 'https:' ? '443' : '80'))) return false;
  const host = withoutBrackets(url.hostname).replace(/\.$/, '');
  const domain = withoutBrackets(name).replace(/^\*?\./, '');
  return host === domain || host.endsWith(`.${domain}`);
}

function withoutBrackets(host: string): string {
  return host.replace(/^\[(.*)\]$/, '$1');
}

/** As the global `fetch`, through the proxy where there is one for the URL. Keeps connections open: make one and keep it. */
export function createProxiedFetch(proxy: ProxySettings): typeof globalThis.fetch {
  const dispatchers = new Map<string, Pool | ProxyAgent>();

  function dispatcherFor(url: URL): Pool | ProxyAgent {
    const known = dispatchers.get(url.origin);
    if (known) return known;
    const uri = proxyFor(url, proxy)?.href;
    const dispatcher = uri === undefined ? new Pool(url.origin) : new ProxyAgent({ uri });
    dispatchers.set(url.origin, dispatcher);
    return dispatcher;
  }

  return ((url: string | URL, init: object = {}) =>
    fetch(url, { ...init, dispatcher: dispatcherFor(new URL(url)) })) as unknown as typeof globalThis.fetch;
}
