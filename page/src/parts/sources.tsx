/** How each source answers, and what is missing because of it. */
import { showLength, showTime } from '../moment.ts';
import { connection, lags, listing, liveFailure, loadedAt, type SourceState } from '../store.ts';

const WORDS = { OK: 'answers', LATE: 'late', FAILED: 'failed' } as const;
/** A shape for each, so that the colour is not needed. */
const SIGNS = { OK: '●', LATE: '◐', FAILED: '✕' } as const;

export function Sources() {
  const { sources, state } = listing.value;
  if (sources.length === 0) return state === 'loading' ? <ul class="sources" aria-label="Sources" /> : null;
  return (
    <ul class="sources" aria-label="Sources">
      {sources.map((source) => (
        <li key={source.source.id} class={`source ${source.status.toLowerCase()}`}>
          <span class="sign" aria-hidden="true">
            {SIGNS[source.status]}
          </span>{' '}
          <strong>{source.source.name}</strong> <span>{describe(source)}</span>
        </li>
      ))}
    </ul>
  );
}

function describe({ reachesBackTo, source, status }: SourceState): string {
  const lag = lags.value.get(source.name);
  return [
    WORDS[status],
    reachesBackTo !== null && `sees back to ${showTime(Date.parse(reachesBackTo), loadedAt.value)}`,
    lag !== undefined && `last change came after ${showLength(lag)}`,
  ]
    .filter((part) => part !== false)
    .join(', ');
}

/** Above the list, because it is what the list lacks. */
export function Notices() {
  const { sources } = listing.value;
  const texts = [
    ...sources.flatMap(troubles),
    ...(connection.value === 'lost' ? [LOST] : []),
    ...(liveFailure.value ? [`New changes are not shown any more: ${liveFailure.value.message}`] : []),
  ];
  return (
    <div class="notices" role="status">
      {texts.map((text) => (
        <p key={text} class="notice">
          <span aria-hidden="true">⚠ </span>
          {text}
        </p>
      ))}
    </div>
  );
}

const LOST = 'The connection is lost. It is being made again; nothing that happens meanwhile will be missing.';

/** The environments of a source that fail, or all of it. */
function listOf(feeds: readonly string[], source: string): string {
  return feeds.length === 0 ? source : feeds.join(', ');
}

function troubles(report: SourceState): string[] {
  const { detailsFailure, failedFeeds, failure, missingDetails, notices, skippedEvents, source, status } = report;
  const retry = failure?.retryAfterSeconds;
  return [
    failure &&
      `Changes of ${listOf(failedFeeds, source.name)} are missing here: ` +
        `${failure.message}${retry ? ` It can be asked again in ${showLength(retry * 1000)}.` : ''}`,
    status === 'LATE' && `Some changes of ${source.name} came late: they stand lower in the list than they should.`,
    skippedEvents > 0 &&
      `${skippedEvents} ${skippedEvents === 1 ? 'change' : 'changes'} of ${source.name} could not be read and cannot be shown.`,
    missingDetails > 0 &&
      `Why ${missingDetails === 1 ? 'one change was' : `${missingDetails} changes were`} made in ${source.name} is not known` +
        `${detailsFailure ? `: ${detailsFailure.message}` : '.'}`,
    ...notices.map((notice) => `${source.name}: ${notice}`),
  ].filter((text) => typeof text === 'string');
}
