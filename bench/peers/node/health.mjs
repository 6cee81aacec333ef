// A hook of ECS that looks at one target group, which it is told, in one call.
import {
  DescribeTargetHealthCommand,
  ElasticLoadBalancingV2Client,
} from '@aws-sdk/client-elastic-load-balancing-v2';

const elb = new ElasticLoadBalancingV2Client({});

export const handler = async () => {
  const answer = await elb.send(
    new DescribeTargetHealthCommand({ TargetGroupArn: process.env.TARGET_GROUP_ARN }),
  );
  const states = answer.TargetHealthDescriptions.map((target) => target.TargetHealth.State);
  return states.length > 0 && states.every((state) => state === 'healthy')
    ? { hookStatus: 'SUCCEEDED' }
    : { hookStatus: 'FAILED', reason: `the targets are ${states}` };
};
