// A hook of ECS: the return value is the verdict, so there is no client to be built.
import { isGood, statusOf } from './green.mjs';

export const handler = async () => {
  const status = await statusOf(process.env.TARGET_URL);
  return isGood(status)
    ? { hookStatus: 'SUCCEEDED' }
    : { hookStatus: 'FAILED', reason: `green answered ${status}` };
};
