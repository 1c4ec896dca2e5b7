/** What a change did to users, as LaunchDarkly measures it. */
import type { ImpactFragment } from './generated/graphql.ts';

export interface Bar {
  /** The variation, as JSON, or as it is if it is plain text. */
  value: string;
  before: number;
  after: number;
  /** Of all evaluations before, and after: 0 to 1. */
  shareBefore: number;
  shareAfter: number;
}

export function toBars({ evaluationsSummary }: ImpactFragment): Bar[] {
  const variations = (evaluationsSummary?.variations ?? []).map(({ after, before, value }) => ({
    value: typeof value === 'string' ? value : (JSON.stringify(value) ?? 'null'),
    before: before ?? 0,
    after: after ?? 0,
  }));
  const [allBefore, allAfter] = [
    sum(variations.map(({ before }) => before)),
    sum(variations.map(({ after }) => after)),
  ];
  return variations.map((each) => ({
    ...each,
    shareBefore: allBefore === 0 ? 0 : each.before / allBefore,
    shareAfter: allAfter === 0 ? 0 : each.after / allAfter,
  }));
}

const SIZES = {
  LARGE: 'Large impact',
  MEDIUM: 'Medium impact',
  SMALL: 'Small impact',
  NONE: 'No impact',
  OTHER: 'Impact of an unknown size',
} as const;

/** `null` if LaunchDarkly says nothing. */
export function describeImpact({ percentage, reason, size }: ImpactFragment): string | null {
  if (size === null && reason === 'waiting') return 'Impact is not known yet';
  if (size === null && reason === 'global') return 'May affect every environment';
  if (size === null) return null;
  const share = percentage === null || size === 'NONE' ? '' : `: ${round(percentage)} of users get another variation`;
  return `${SIZES[size] ?? SIZES.OTHER}${share}`;
}

/** What is more than nothing does not become nothing. */
function round(percentage: number): string {
  const rounded = Math.round(percentage * 10) / 10;
  return rounded === 0 && percentage > 0 ? 'less than 0.1 %' : `${rounded} %`;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
