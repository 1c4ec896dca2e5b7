import type { SandboxEvent } from './event.ts';

/** Unleash links to its own configured address, which is often left at this default. */
const ADDRESS = 'http://localhost:4242';

/** The English that Unleash adds to an event; types without a phrase of their own are named as they are. */
export function wordingOf(event: SandboxEvent): { label: string; summary: string } {
  const phrase = PHRASES[event.type];
  const who = bold(event.createdBy);
  if (phrase === undefined) return { label: event.type, summary: `${who} triggered ${bold(event.type)}` };
  const [label, text] = phrase;
  return { label, summary: text(event, who) };
}

type Phrase = [label: string, text: (event: SandboxEvent, who: string) => string];

const PHRASES: Record<string, Phrase> = {
  'feature-created': ['Flag created', (event, who) => `${who} created ${flag(event)} ${within(event)}`],
  'feature-deleted': ['Flag deleted', (event, who) => `${who} deleted ${bold(event.featureName)} ${within(event)}`],
  'feature-archived': ['Flag archived', (event, who) => `${who} archived ${bold(event.featureName)} ${within(event)}`],
  'feature-revived': ['Flag revived', (event, who) => `${who} revived ${flag(event)} ${within(event)}`],
  'feature-metadata-updated': [
    'Flag metadata updated',
    (event, who) => `${who} updated ${flag(event)} metadata ${within(event)}`,
  ],
  'feature-environment-enabled': [
    'Flag enabled',
    (event, who) => `${who} enabled ${flag(event)} ${forEnvironment(event)} ${within(event)}`,
  ],
  'feature-environment-disabled': [
    'Flag disabled',
    (event, who) => `${who} disabled ${flag(event)} ${forEnvironment(event)} ${within(event)}`,
  ],
  'feature-environment-variants-updated': [
    'Flag variants updated',
    (event, who) => `${who} updated variants for ${flag(event)} ${forEnvironment(event)} ${within(event)}`,
  ],
  'feature-project-change': [
    'Flag moved to a new project',
    (event, who) => `${who} moved ${flag(event)} from ${bold(text(event.data, 'oldProject'))} to ${project(event)}`,
  ],
  'feature-stale-on': [
    'Flag marked as stale',
    (event, who) => `${who} marked ${flag(event)} as stale ${within(event)}`,
  ],
  'feature-stale-off': [
    'Flag stale marking removed',
    (event, who) => `${who} removed the stale marking on ${flag(event)} ${within(event)}`,
  ],
  'feature-potentially-stale-on': [
    'Flag potentially stale',
    (event) => `${flag(event)} was marked as potentially stale ${within(event)}`,
  ],
  'feature-tagged': [
    'Flag tagged',
    (event, who) => `${who} tagged ${flag(event)} with ${tag(event.data)} ${within(event)}`,
  ],
  'feature-untagged': [
    'Flag untagged',
    (event, who) => `${who} untagged ${flag(event)} with ${tag(event.preData)} ${within(event)}`,
  ],
  'feature-strategy-add': [
    'Flag strategy added',
    (event, who) =>
      `${who} added strategy ${strategy(event)} to ${flag(event)} ${forEnvironment(event)} ${within(event)}`,
  ],
  'feature-strategy-update': [
    'Flag strategy updated',
    (event, who) => {
      const where = `updating strategy ${strategy(event)} in ${bold(event.environment)}`;
      return `${who} updated ${flag(event)} ${within(event)} by ${where}${strategyChanges(event)}`;
    },
  ],
  'change-request-approved': ['Change request approved', (event, who) => `${who} approved ${changeRequest(event)}`],
  'change-request-scheduled': [
    'Change request scheduled',
    (event, who) => `${who} scheduled ${changeRequest(event)} to be applied at ${text(event.data, 'scheduledDate')}.`,
  ],
  'project-created': ['Project created', (event, who) => `${who} created project ${project(event)}`],
  'segment-created': ['Segment created', (event, who) => `${who} created segment ${bold(text(event.data, 'name'))}`],
  'user-created': ['User created', (event, who) => `${who} created user ${bold(text(event.data, 'name'))}`],
  // The name is looked up under a key the payload no longer has.
  'api-token-created': ['API token created', (_event, who) => `${who} created API token ****`],
};

function bold(value: string | null): string {
  return `**${value ?? ''}**`;
}

function flag({ featureName, project }: SandboxEvent): string {
  return bold(`[${featureName}](${ADDRESS}/projects/${project}/features/${featureName})`);
}

function project({ project }: SandboxEvent): string {
  return bold(`[${project}](${ADDRESS}/projects/${project})`);
}

function within(event: SandboxEvent): string {
  return `in project ${project(event)}`;
}

function forEnvironment({ environment }: SandboxEvent): string {
  return `for the ${bold(environment)} environment`;
}

function strategy({ data, preData }: SandboxEvent): string {
  return bold(text(preData, 'title') || text(data, 'title') || text(preData, 'name') || text(data, 'name'));
}

function strategyChanges({ data, preData }: SandboxEvent): string {
  const rollouts = [preData, data].map((each) => `${text(field(each, 'parameters'), 'rollout')}%`);
  const constraints = [preData, data].map((each) => listed(field(each, 'constraints')));
  return [change('rollout', rollouts), change('constraints', constraints)].filter((each) => each !== '').join(';');
}

function change(what: string, [from, to]: string[]): string {
  return from === to ? '' : ` ${what} from ${from} to ${to}`;
}

/** The sandbox's story only ever writes `IN`. */
function listed(constraints: unknown): string {
  if (!Array.isArray(constraints) || constraints.length === 0) return 'empty set of constraints';
  const phrases = constraints.map((each) => `${text(each, 'contextName')} is one of (${text(each, 'values')})`);
  return `[${phrases.join(', ')}]`;
}

function tag(data: unknown): string {
  return bold(`${text(data, 'type')}:${text(data, 'value')}`);
}

function changeRequest(event: SandboxEvent): string {
  const id = text(event.data, 'changeRequestId');
  const link = bold(`[#${id}](${ADDRESS}/projects/${event.project}/change-requests/${id})`);
  const where = `in the ${bold(event.environment)} environment ${within(event)}`;
  return `change request ${link} for feature flag ${flag(event)} ${where}`;
}

function text(data: unknown, key: string): string {
  return String(field(data, key) ?? '');
}

function field(data: unknown, key: string): unknown {
  return typeof data === 'object' && data !== null
    ? Object.entries(data).find(([name]) => name === key)?.[1]
    : undefined;
}
