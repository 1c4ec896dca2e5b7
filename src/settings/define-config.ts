/** What the package exports: the form of `gateway.config.ts`. Loads nothing, so that any Node can load it. */
import type { z } from 'zod';
import type { accessRules } from './access.ts';
import type { generalSettings } from './table.ts';

/** What `gateway.config.ts` exports by default. A source's other settings are its vendor's. */
export interface ConfigFile extends z.input<typeof generalSettings> {
  sources?: ({ vendor: string } & Record<string, unknown>)[] | undefined;
  /** Who sees what. Left out, everybody who is accepted sees everything. */
  access?: z.input<typeof accessRules> | undefined;
}

/** Helps an editor to complete `gateway.config.ts`; returns its argument. */
export function defineConfig(config: ConfigFile): ConfigFile {
  return config;
}
