// A hook of ECS that looks at the health of green's targets: the return value is the verdict.
import { areHealthy, statesOf } from './targets.mjs';

export const handler = async () => {
  const states = await statesOf(process.env.TARGET_GROUP_ARN);
  return areHealthy(states)
    ? { hookStatus: 'SUCCEEDED' }
    : { hookStatus: 'FAILED', reason: `the targets are ${states}` };
};
