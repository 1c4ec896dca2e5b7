/**
 * Between the HTTP server and what answers: refuses what is not for this gateway, and sends what Yoga has answered. No
 * failure on the way is shown to a client.
 */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { sendNodeResponse } from '@whatwg-node/server';
import type { Log } from '../observe/log.ts';
import { isEndless } from './event-stream.ts';
import type { FastPath } from './fast-path.ts';
import { HOOKS_PATH, type Hooks } from './hooks.ts';
import { type HostRules, refuseHost } from './host.ts';
import { sendAndClose } from './last-answer.ts';
import type { ServerContext } from './progress.ts';
import { cutOffSlowReader, READING_LIMITS, type ReadingLimits } from './slow-readers.ts';

export interface ListenerOptions extends HostRules {
  /** @default Yoga answers everything */
  fastPath?: FastPath;
  /** @default there are none */
  hooks?: Hooks;
  /** Yoga's answer to what the fast path leaves. */
  answer: Answer;
  log: Log;
  /** @default READING_LIMITS */
  reading?: ReadingLimits;
}

export type Answer = (
  request: IncomingMessage,
  response: ServerResponse,
  context: ServerContext,
) => Promise<Response> | Response;

export function createListener({
  answer,
  fastPath = (_request, _response, next) => next(undefined),
  hooks = async () => false,
  isPrivate,
  log,
  reading = READING_LIMITS,
}: ListenerOptions): RequestListener {
  async function answerByYoga(context: Required<Pick<ServerContext, 'req' | 'res'>> & ServerContext): Promise<void> {
    const { req: request, res: response } = context;
    const answered = await answer(request, response, context);
    if (answered.status === 413) return sendAndClose(answered, request, response);
    const sent = sendNodeResponse(answered, response, request, true);
    cutOffSlowReader(response, reading, { isEndless: isEndless(answered) });
    await sent;
  }

  return async (req, res) => {
    try {
      // A vendor's request names the host of whatever tunnel it has come through, and proves itself by a secret.
      if (req.url?.startsWith(HOOKS_PATH) && (await hooks(req, res))) return;
      if (refuseHost(req, res, { isPrivate, log })) return;
      await fastPath(req, res, (progress) => answerByYoga({ req, res, ...(progress && { progress }) }));
    } catch (error) {
      log.trouble('unexpected error', error, { level: 'error' });
      if (res.headersSent) res.destroy();
      else res.writeHead(500, { 'content-length': 0 }).end();
    }
  };
}
