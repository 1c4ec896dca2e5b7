/**
 * Mistakes that nobody caught: always written down and counted, never silently fatal.
 *
 * A rejection that nobody handles is somebody's forgotten `await`; the process goes on, for the sake of all other requests.
 * After an exception that nobody caught its state is unknown: it finishes what is under way and leaves, to be started again.
 */
import type { Log } from '../observe/log.ts';

export function superviseProcess(log: Log, leave: () => void): void {
  let rejections = 0;
  let exceptions = 0;
  process.on('unhandledRejection', (reason) => {
    rejections += 1;
    log.trouble('unhandled rejection', reason, { level: 'error', count: rejections });
  });
  process.on('uncaughtException', (error) => {
    exceptions += 1;
    log.trouble('uncaught exception', error, { level: 'fatal', count: exceptions });
    leave();
  });
}
