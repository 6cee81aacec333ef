// A hook of CodeDeploy: the verdict is a call. The client is built while the function initializes, once, as AWS recommends.
import { CodeDeployClient, PutLifecycleEventHookExecutionStatusCommand } from '@aws-sdk/client-codedeploy';
import { isGood, statusOf } from './green.mjs';

const codedeploy = new CodeDeployClient({});

export const handler = async (event) => {
  const status = await statusOf(process.env.TARGET_URL);
  await codedeploy.send(
    new PutLifecycleEventHookExecutionStatusCommand({
      deploymentId: event.DeploymentId,
      lifecycleEventHookExecutionId: event.LifecycleEventHookExecutionId,
      status: isGood(status) ? 'Succeeded' : 'Failed',
    }),
  );
};
