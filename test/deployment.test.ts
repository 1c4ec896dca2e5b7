/** The examples for Docker Compose and Kubernetes, and the files that they mount. Neither is run here. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { toConfig } from '../src/settings/config.ts';
import { sections } from '../src/settings/table.ts';
import { definitions } from '../src/sources/index.ts';
import { settingsIn, variableOf } from '../src/sources/settings.ts';
import { root } from './support/gateway-process.ts';

const folder = path.join(root, 'docs/operate');
const read = (file: string) => readFileSync(path.join(folder, file), 'utf8');
const EXAMPLES = [
  'compose.yaml',
  'kubernetes.yaml',
  'prometheus.yaml',
  'grafana/datasources.yaml',
  'grafana/dashboards.yaml',
];

/** `main.ts` adds them to what a shutdown may take. */
const STOP_GRACE_MS = 5_000;

const tables = [...Object.values(sections), ...definitions.map(({ settings }) => settings)];
// The examples name it, whether this version has the setting or not.
const variables = new Set(tables.flatMap((table) => settingsIn(table).map((row) => variableOf(row))));

/** Each document of a file. A key that is there twice, or anything else that the parser refuses, fails the test. */
function documentsIn<Shape>(file: string): Shape[] {
  return parseAllDocuments(read(file), { strict: true, uniqueKeys: true }).map((document) => {
    expect([...document.errors, ...document.warnings]).toEqual([]);
    return document.toJS() as Shape;
  });
}

interface Service {
  image?: string;
  environment?: Record<string, string | number>;
  volumes?: string[];
  ports?: string[];
  depends_on?: string[];
  stop_grace_period?: string;
}

interface Resource {
  kind: string;
  metadata: { name: string };
  data?: Record<string, string>;
  spec: {
    selector: Record<string, unknown> & { matchLabels?: Labels };
    podSelector: { matchLabels: Labels };
    ports: { name: string; targetPort: string }[];
    ingress: { ports: { port: string }[]; from?: unknown }[];
    template: { metadata: { labels: Labels }; spec: Pod };
    maxUnavailable: number;
    replicas: number;
  };
}

type Labels = Record<string, string>;

interface Pod {
  terminationGracePeriodSeconds: number;
  securityContext: Record<string, unknown>;
  containers: {
    envFrom: Record<string, { name: string }>[];
    ports: { name: string; containerPort: number }[];
    resources: Record<string, Record<string, string>>;
    securityContext: Record<string, unknown>;
    [probe: `${string}Probe`]: { httpGet: { path: string; port: string } };
  }[];
}

describe('the examples', () => {
  it.for(EXAMPLES)('say first that they were not run: %s', (file) => {
    expect(read(file)).toMatch(/^# Not run here/);
    expect(documentsIn(file).length).toBeGreaterThan(0);
  });
});

describe('compose.yaml', () => {
  const [compose] = documentsIn<{ services: Record<string, Service>; volumes: Record<string, null> }>('compose.yaml');
  const services = compose?.services ?? {};
  const { gateway = {} } = services;
  const target = prometheusTarget();

  it('sets variables that there are, with values that the gateway takes', () => {
    const given = Object.entries(gateway.environment ?? {});
    expect(given.map(([name]) => name).filter((name) => !variables.has(name))).toEqual([]);
    // With none of the variables that it passes on, but the one that it asks for.
    const env = { HOST: '0.0.0.0', API_KEYS: 'x'.repeat(16), NODE_ENV: 'production' };
    const passed = given.map(([name, value]) => [name, String(value).replace(/^\$\{.*:-\}$/, '')]);
    expect(toConfig({ ...Object.fromEntries(passed), ...env }, {}, definitions).sources).toEqual([]);
    expect(String(gateway.environment?.API_KEYS)).toMatch(/^\$\{API_KEYS:\?/);
  });

  it('mounts files that there are, and uses volumes and services that it has', () => {
    for (const { depends_on = [], volumes = [] } of Object.values(services)) {
      expect(Object.keys(services)).toEqual(expect.arrayContaining(depends_on));
      for (const [from = ''] of volumes.map((volume) => volume.split(':'))) {
        expect(from.startsWith('.') ? existsSync(path.join(folder, from)) : from in (compose?.volumes ?? {})).toBe(
          true,
        );
      }
    }
    expect(existsSync(path.join(folder, '../../Dockerfile'))).toBe(true);
  });

  it('publishes no port to other machines, and none for metrics', () => {
    const published = Object.values(services).flatMap(({ ports = [] }) => ports);
    expect(published.filter((port) => !port.startsWith('127.0.0.1:'))).toEqual([]);
    expect(gateway.ports).toEqual([`127.0.0.1:4000:${settings({}).port}`]);
  });

  it('lets Prometheus read the gateway, and Grafana read Prometheus', () => {
    expect(target).toBe(`gateway:${gateway.environment?.METRICS_PORT}`);
    const [rules] = documentsIn<{ rule_files: string[] }>('prometheus.yaml').map((each) => each.rule_files);
    const mounted = (services.prometheus?.volumes ?? []).map((volume) => volume.split(':')[1]);
    expect(mounted).toEqual(expect.arrayContaining((rules ?? []).map((rule) => `/etc/prometheus/${rule}`)));
    const [sources] = documentsIn<{ datasources: { url: string }[] }>('grafana/datasources.yaml');
    expect(sources?.datasources.map(({ url }) => new URL(url).hostname)).toEqual(['prometheus']);
    const [boards] = documentsIn<{ providers: { options: { path: string } }[] }>('grafana/dashboards.yaml');
    const shown = (services.grafana?.volumes ?? []).map((volume) => path.posix.dirname(volume.split(':')[1] ?? ''));
    expect(shown).toContain(boards?.providers[0]?.options.path);
  });

  it('waits for the end of a shutdown, and names every image by its version', () => {
    expect(Number.parseInt(gateway.stop_grace_period ?? '', 10) * 1000).toBeGreaterThan(
      settings({}).requestTimeoutMs + STOP_GRACE_MS,
    );
    for (const { image } of Object.values(services)) expect(image).toMatch(/:v?\d+\.\d+/);
  });

  function prometheusTarget(): string | undefined {
    const [file] = documentsIn<{ scrape_configs: { static_configs: { targets: string[] }[] }[] }>('prometheus.yaml');
    return file?.scrape_configs[0]?.static_configs[0]?.targets[0];
  }
});

describe('kubernetes.yaml', () => {
  const resources = documentsIn<Resource>('kubernetes.yaml');
  const one = (kind: string) => {
    const found = resources.filter((each) => each.kind === kind);
    expect(found).toHaveLength(1);
    return found[0] as Resource;
  };
  const config = one('ConfigMap').data ?? {};
  const { metadata, spec: pod } = one('Deployment').spec.template;
  const [container] = pod.containers;
  /** What the comment at the top says to create. */
  const secret = [...read('kubernetes.yaml').matchAll(/--from-literal=([A-Z_]+)=/g)].map(([, name = '']) => name);
  const secrets = Object.fromEntries(secret.map((name) => [name, 'api-0123456789abcdef']));
  const inPod = settings({ ...config, ...secrets, HOST: '0.0.0.0', NODE_ENV: 'production' });

  it('sets variables that there are, with values that the gateway takes', () => {
    expect([...Object.keys(config), ...secret].filter((name) => !variables.has(name))).toEqual([]);
    expect(inPod.sources.map(({ settings: { id } }) => id)).toEqual(['launchdarkly', 'unleash']);
  });

  it('refers to what it has, or says how to create', () => {
    const references = (container?.envFrom ?? []).map((each) => Object.entries(each)[0]);
    expect(references.map((each) => each?.[0])).toEqual(['configMapRef', 'secretRef']);
    expect(references[0]?.[1].name).toBe(one('ConfigMap').metadata.name);
    expect(read('kubernetes.yaml')).toContain(`create secret generic ${references[1]?.[1].name} `);
  });

  it('asks the ports that the gateway listens on, where it says whether it is alive and ready', () => {
    const { metricsPort, port } = inPod;
    expect(container?.ports).toEqual([
      { name: 'http', containerPort: port },
      { name: 'metrics', containerPort: metricsPort },
    ]);
    const probes = ['startupProbe', 'livenessProbe', 'readinessProbe'] as const;
    expect(probes.map((probe) => container?.[probe]?.httpGet)).toEqual([
      { path: '/live', port: 'http' },
      { path: '/live', port: 'http' },
      { path: '/ready', port: 'http' },
    ]);
    expect(one('Service').spec.ports.map(({ targetPort }) => targetPort)).toEqual(['http']);
  });

  it('waits for the end of a shutdown', () => {
    const { requestTimeoutMs, shutdownDelayMs } = inPod;
    expect(shutdownDelayMs).toBeGreaterThan(0);
    expect(pod.terminationGracePeriodSeconds * 1000).toBeGreaterThan(
      shutdownDelayMs + requestTimeoutMs + STOP_GRACE_MS,
    );
  });

  it('runs as the user of the image, without rights, within limits of memory', () => {
    const user = /^USER (\d+):(\d+)$/m.exec(readFileSync(path.join(root, 'Dockerfile'), 'utf8'));
    expect(pod.securityContext).toMatchObject({
      runAsNonRoot: true,
      runAsUser: Number(user?.[1]),
      runAsGroup: Number(user?.[2]),
    });
    expect(container?.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
    expect(container?.resources.limits?.memory).toBe(container?.resources.requests?.memory);
  });

  it('selects the pods of the deployment everywhere', () => {
    const { labels } = metadata;
    const budget = one('PodDisruptionBudget').spec;
    expect(one('Deployment').spec.selector.matchLabels).toEqual(labels);
    expect(one('Service').spec.selector).toEqual(labels);
    expect(budget.selector.matchLabels).toEqual(labels);
    expect(one('NetworkPolicy').spec.podSelector.matchLabels).toEqual(labels);
    expect(budget.maxUnavailable).toBeLessThan(one('Deployment').spec.replicas);
  });

  it('lets nobody but the monitoring reach the metrics', () => {
    const open = one('NetworkPolicy').spec.ingress.filter(({ from }) => from === undefined);
    expect(open.flatMap(({ ports }) => ports)).toEqual([{ port: 'http' }]);
  });
});

function settings(env: Record<string, string>) {
  return toConfig(env, {}, definitions);
}
