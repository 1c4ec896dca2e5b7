/** What Unleash's log is made of. */
export interface Tag {
  type: string;
  value: string;
  color?: string;
}

/** A row of Unleash's table `events`. */
export interface SandboxEvent {
  id: number;
  type: string;
  createdBy: string;
  /** -42: an admin API token; -1337: the system; `null`: a migration. */
  createdByUserId: number | null;
  /** Microseconds since 1970, as Postgres keeps them; the API cuts them to milliseconds. `null` sorts first. */
  createdAtMicros: number | null;
  data: unknown;
  preData: unknown;
  tags: Tag[];
  featureName: string | null;
  project: string | null;
  environment: string | null;
  groupType?: string;
  groupId?: string;
}

/** What one change writes, before it has an id, an author and a time. */
export interface Draft
  extends Partial<Pick<SandboxEvent, 'data' | 'preData' | 'tags' | 'featureName' | 'project' | 'environment'>> {
  type: string;
  changeRequestId?: number;
}
