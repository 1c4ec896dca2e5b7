/** Policy statements, as far as the audit log's search takes them. @see https://launchdarkly.com/docs/home/account/roles/role-resources */

/** One access of an entry. */
export interface ResourceAccess {
  action?: string;
  /** `proj/p:env/e:flag/f`; tags may follow any segment after `;`. */
  resource?: string;
}

/** `resources` and `notResources` exclude each other, and so do `actions` and `notActions`. */
export interface StatementPost {
  effect: 'allow' | 'deny';
  resources?: string[];
  notResources?: string[];
  actions?: string[];
  notActions?: string[];
}

/** Whether some access is allowed and not denied. Without a statement everything is. */
export function areAllowed(statements: readonly StatementPost[], accesses: readonly ResourceAccess[]): boolean {
  if (statements.length === 0) return true;
  const isHit = (effect: StatementPost['effect'], access: ResourceAccess) =>
    statements.some((statement) => statement.effect === effect && concerns(statement, access));
  return accesses.some((access) => isHit('allow', access) && !isHit('deny', access));
}

function concerns(
  { actions, notActions, notResources, resources }: StatementPost,
  { action = '', resource = '' }: ResourceAccess,
): boolean {
  return (
    (resources?.some((specifier) => matchesSpecifier(specifier, resource)) ?? true) &&
    !notResources?.some((specifier) => matchesSpecifier(specifier, resource)) &&
    (actions?.some((pattern) => matchesName(pattern, action)) ?? true) &&
    !notActions?.some((pattern) => matchesName(pattern, action))
  );
}

/** A specifier names as many segments as the resource has; the tags that it asks for must all be there. */
export function matchesSpecifier(specifier: string, resource: string): boolean {
  const [asked, own] = [specifier, resource].map((text) => text.split(':').map(toSegment));
  if (asked?.length !== own?.length) return false;
  return (
    asked?.every(({ name, tags, type }, index) => {
      const segment = own?.[index];
      return (
        segment !== undefined &&
        type === segment.type &&
        matchesName(name, segment.name) &&
        tags.every((tag) => segment.tags.some((each) => matchesName(tag, each)))
      );
    }) ?? false
  );
}

function toSegment(text: string) {
  const [head = '', tags = ''] = text.split(';', 2);
  const [type = '', name = ''] = head.split('/', 2);
  return { type, name, tags: tags.split(',').filter(Boolean) };
}

/** `*` stands for any number of characters. */
function matchesName(pattern: string, name: string): boolean {
  const parts = pattern.split('*').map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`).test(name);
}
