/**
 * Unhandled rejections and uncaught exceptions: each is logged and counted.
 *
 * An unhandled rejection is a missing `await` somewhere; the process continues, for the sake of all other requests. After
 * an uncaught exception the state of the process is unknown: it answers the requests in progress and exits, to be restarted.
 */
import type { Log } from '../observe/log.ts';

export function superviseProcess(log: Log, shutDown: () => void): void {
  let rejections = 0;
  let exceptions = 0;
  process.on('unhandledRejection', (reason) => {
    rejections += 1;
    log.trouble('unhandled rejection', reason, { level: 'error', count: rejections });
  });
  process.on('uncaughtException', (error) => {
    exceptions += 1;
    log.trouble('uncaught exception', error, { level: 'fatal', count: exceptions });
    shutDown();
  });
}
