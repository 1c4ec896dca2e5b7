/** What both benches say while they run, and first of all in their reports. */
import { isPinned } from './servers.ts';

/** One line that is written over; none where nobody watches. */
export function tick(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`);
}

/** Of a report: what the figures belong to. */
export function headline(note?: string): string {
  const where = isPinned ? 'server on a core of its own' : 'NOT PINNED: server and load share cores';
  return [`node ${process.version}`, new Date().toISOString().slice(0, 10), where, ...(note ? [note] : [])].join(', ');
}
