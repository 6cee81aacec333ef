// A hook of CodeDeploy that looks at the health of green's targets: the verdict is a call.
import { CodeDeployClient, PutLifecycleEventHookExecutionStatusCommand } from '@aws-sdk/client-codedeploy';
import { areHealthy, statesOf } from './targets.mjs';

const codedeploy = new CodeDeployClient({});

export const handler = async (event) => {
  const states = await statesOf(process.env.TARGET_GROUP_ARN);
  await codedeploy.send(
    new PutLifecycleEventHookExecutionStatusCommand({
      deploymentId: event.DeploymentId,
      lifecycleEventHookExecutionId: event.LifecycleEventHookExecutionId,
      status: areHealthy(states) ? 'Succeeded' : 'Failed',
    }),
  );
};
