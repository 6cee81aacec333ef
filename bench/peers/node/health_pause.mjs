// What answers a PAUSE hook by the health of green's targets: the verdict is a call of ECS.
import { ContinueServiceDeploymentCommand, ECSClient } from '@aws-sdk/client-ecs';
import { areHealthy, statesOf } from './targets.mjs';

const ecs = new ECSClient({});

export const handler = async ({ detail }) => {
  const states = await statesOf(process.env.TARGET_GROUP_ARN);
  await ecs.send(
    new ContinueServiceDeploymentCommand({
      serviceDeploymentArn: detail.serviceDeploymentArn,
      hookId: detail.hookId,
      action: areHealthy(states) ? 'CONTINUE' : 'ROLLBACK',
    }),
  );
};
