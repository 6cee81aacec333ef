// What answers a PAUSE hook: the event comes from EventBridge, the verdict is a call of ECS.
import { ContinueServiceDeploymentCommand, ECSClient } from '@aws-sdk/client-ecs';
import { isGood, statusOf } from './green.mjs';

const ecs = new ECSClient({});

export const handler = async ({ detail }) => {
  const status = await statusOf(process.env.TARGET_URL);
  await ecs.send(
    new ContinueServiceDeploymentCommand({
      serviceDeploymentArn: detail.serviceDeploymentArn,
      hookId: detail.hookId,
      action: isGood(status) ? 'CONTINUE' : 'ROLLBACK',
    }),
  );
};
