/**
 * Between the HTTP server and Yoga: refuses what is not for this gateway, and sends the answer. No failure on the way is
 * shown to a client.
 */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { sendNodeResponse } from '@whatwg-node/server';
import type { Log } from '../observe/log.ts';
import { type HostRules, refuseHost } from './host.ts';
import { sendAndClose } from './last-answer.ts';
import { cutOffSlowReader, READING_LIMITS, type ReadingLimits } from './slow-readers.ts';

export interface ListenerOptions extends HostRules {
  log: Log;
  /** @default READING_LIMITS */
  reading?: ReadingLimits;
}

export type Answer = (request: IncomingMessage, response: ServerResponse) => Promise<Response> | Response;

export function createListener(
  answer: Answer,
  { isPrivate, log, reading = READING_LIMITS }: ListenerOptions,
): RequestListener {
  return async (request, response) => {
    if (refuseHost(request, response, { isPrivate, log })) return;
    try {
      const answered = await answer(request, response);
      if (answered.status === 413) await sendAndClose(answered, request, response);
      else {
        const sent = sendNodeResponse(answered, response, request, true);
        cutOffSlowReader(response, reading);
        await sent;
      }
    } catch (error) {
      log.trouble('unexpected error', error, { level: 'error' });
      if (response.headersSent) response.destroy();
      else response.writeHead(500, { 'content-length': 0 }).end();
    }
  };
}
