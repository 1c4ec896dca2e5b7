import { describe, expect, it } from 'vitest';
import { ConfigError, toConfig } from '../../src/settings/config.ts';
import { definitions } from '../../src/sources/index.ts';

const problemsOf = (env: Record<string, string>, file: object = {}) => {
  try {
    return toConfig(env, file, definitions).federation;
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
};

describe('the settings of the subgraph', () => {
  it('leave `node` to others, add to no type of theirs, and know no secret, unless told', () => {
    expect(toConfig({}, {}, definitions).federation).toEqual({ nodeField: 'omitted' });
  });

  it('come from the file, and from the environment before it', () => {
    const file = { federation: { nodeField: 'hidden', userType: 'Employee', secret: 'secret-of-the-file' } };
    expect(toConfig({}, file, definitions).federation).toEqual(file.federation);
    const env = { FEDERATION_NODE_FIELD: 'owner', SUBGRAPH_SECRET: 'secret-of-the-environment' };
    expect(toConfig(env, file, definitions).federation).toEqual({
      nodeField: 'owner',
      userType: 'Employee',
      secret: 'secret-of-the-environment',
    });
  });

  it('are refused by name and never by value', () => {
    const wrong = { FEDERATION_NODE_FIELD: 'canary', FEDERATION_USER_TYPE: 'FlagActor', SUBGRAPH_SECRET: 'canary' };
    expect(problemsOf(wrong)).toEqual([
      'FEDERATION_NODE_FIELD: must be one of owner, hidden, omitted',
      'FEDERATION_USER_TYPE: must be the name of another subgraph’s type',
      'SUBGRAPH_SECRET: must be at least 16 characters, without spaces',
    ]);
    expect(problemsOf({}, { federation: { nodes: true } })).toEqual([
      'gateway.config.ts: federation.nodes: is not a setting',
    ]);
  });

  it('take a secret that is set to nothing for a mistake', () => {
    expect(problemsOf({ SUBGRAPH_SECRET: '' })).toEqual([
      'SUBGRAPH_SECRET: must be at least 16 characters, without spaces',
    ]);
  });
});
