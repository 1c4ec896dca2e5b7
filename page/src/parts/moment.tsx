/** A moment: in the reader's zone, and in UTC for who points at it. */
import { showTime, showUtc } from '../moment.ts';
import { loadedAt } from '../store.ts';

export function Moment({ at }: { at: string }) {
  const time = Date.parse(at);
  return (
    <time dateTime={at} title={showUtc(time)}>
      {showTime(time, loadedAt.value)}
    </time>
  );
}
