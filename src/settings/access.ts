/** The rules of `access` in `gateway.config.ts`. No message repeats a value: a rule may hold a key. */
import { z } from 'zod';
import type { AccessRule } from '../edge/access.ts';
import { type Pattern, parsePattern, sourceOf } from '../timeline/scope.ts';
import { accessKey, requiredText } from './values.ts';

const pattern = z.string('must be `source/project/environment`').transform((text, context): Pattern => {
  const parsed = parsePattern(text);
  if (parsed) return parsed;
  const message = 'must be `source/project/environment`, each of them a key, or `*` for any, or `-` for none';
  context.addIssue({ code: 'custom', message });
  return z.NEVER;
});

const NO_PATTERNS = 'must be a list of patterns, at least one';

const common = {
  allow: z.array(pattern, NO_PATTERNS).min(1, NO_PATTERNS),
  personalData: z.boolean('must be `true` or `false`').default(true),
};

const CALLER = 'must have either an `apiKey` or a `claim`';

const rule = z
  .strictObject({
    apiKey: accessKey.optional(),
    claim: z.strictObject({ name: requiredText, value: requiredText }, 'must be `{ name, value }`').optional(),
    ...common,
  })
  .transform(({ allow: patterns, apiKey, claim, personalData }, context): AccessRule => {
    if (apiKey !== undefined && claim === undefined) return { caller: { apiKey }, patterns, personalData };
    if (claim !== undefined && apiKey === undefined) return { caller: { claim }, patterns, personalData };
    context.addIssue({ code: 'custom', message: CALLER });
    return z.NEVER;
  });

const NO_RULES = 'must be a list of rules, at least one, or be left out';

export const accessRules = z.array(rule, NO_RULES).min(1, NO_RULES);

/** What is wrong with rules beside the rest of the settings: each problem with the place of its rule. */
export function accessProblems(
  rules: readonly AccessRule[],
  { hasTokens, sources }: { hasTokens: boolean; sources: readonly string[] },
): string[] {
  return rules.flatMap(({ caller, patterns }, index) => [
    ...('claim' in caller && !hasTokens
      ? [`access[${index}].claim: needs tokens to be accepted (JWT_ISSUER with JWT_AUDIENCE and JWT_JWKS_URL)`]
      : []),
    ...patterns.flatMap((each, place) => {
      const source = sourceOf(each);
      if (source === undefined || sources.includes(source)) return [];
      return [`access[${index}].allow[${place}]: names a source that is not configured`];
    }),
  ]);
}
