// A look at one target group, which the hooks of health are told, in one call: the states of its targets.
import {
  DescribeTargetHealthCommand,
  ElasticLoadBalancingV2Client,
} from '@aws-sdk/client-elastic-load-balancing-v2';

const elb = new ElasticLoadBalancingV2Client({});

export const statesOf = async (targetGroupArn) => {
  const answer = await elb.send(new DescribeTargetHealthCommand({ TargetGroupArn: targetGroupArn }));
  return answer.TargetHealthDescriptions.map((target) => target.TargetHealth.State);
};

export const areHealthy = (states) => states.length > 0 && states.every((state) => state === 'healthy');
