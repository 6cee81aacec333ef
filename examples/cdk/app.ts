// A service that ECS deploys blue/green, with greenlight's hooks.
//
// Load balancing and service are the L2 constructs. The hooks are L1: the L2's addLifecycleHook knows no hookDetails, no timeout, no
// PAUSE and no PRE_PRODUCTION_TRAFFIC_SHIFT.

import { App, Duration, Fn, Stack, StackProps, aws_cloudwatch as cloudwatch, aws_ec2 as ec2, aws_ecs as ecs, aws_elasticloadbalancingv2 as elb } from 'aws-cdk-lib';

interface ServiceProps extends StackProps {
  /** The stack of greenlight's hooks, which exports their ARNs. */
  readonly hooksStack: string;
  /** The hooks' security group (`SecurityGroupId` of that stack). */
  readonly hooksSecurityGroupId: string;
  /** The VPC in which the hooks are: theirs is the group that is let in, and groups do not reach beyond a VPC. */
  readonly vpc: ec2.VpcAttributes;
  readonly image: string;
  readonly strategy: 'BLUE_GREEN' | 'LINEAR' | 'CANARY';
}

class Service extends Stack {
  constructor(scope: App, id: string, props: ServiceProps) {
    super(scope, id, props);
    const vpc = ec2.Vpc.fromVpcAttributes(this, 'Vpc', props.vpc);
    // Cluster and service are named, because the hooks' stack is told the names and comes first.
    const cluster = new ecs.Cluster(this, 'Cluster', { vpc, clusterName: `shop-${id}` });

    const taskDefinition = new ecs.FargateTaskDefinition(this, 'TaskDefinition', { cpu: 256, memoryLimitMiB: 512 });
    taskDefinition.addContainer('app', {
      image: ecs.ContainerImage.fromRegistry(props.image),
      portMappings: [{ containerPort: 8080 }],
      // What drains has this long to end, less than the target groups' deregistration delay.
      stopTimeout: Duration.seconds(20),
    });

    // Alike in everything: green is in the one that blue is not in.
    const group = (name: string) =>
      new elb.ApplicationTargetGroup(this, name, {
        vpc,
        targetType: elb.TargetType.IP,
        protocol: elb.ApplicationProtocol.HTTP,
        port: 8080,
        deregistrationDelay: Duration.seconds(30),
        healthCheck: { path: '/ping', interval: Duration.seconds(10), timeout: Duration.seconds(5) },
      });
    const one = group('TargetGroup1');
    const other = group('TargetGroup2');

    const balancer = new elb.ApplicationLoadBalancer(this, 'LoadBalancer', { vpc, internetFacing: false });
    const rule = (name: string, port: number) => {
      const listener = balancer.addListener(`${name}Listener`, {
        port,
        protocol: elb.ApplicationProtocol.HTTP,
        open: false,
        defaultAction: elb.ListenerAction.fixedResponse(404),
      });
      return new elb.ApplicationListenerRule(this, `${name}Rule`, {
        listener,
        priority: 1,
        conditions: [elb.ListenerCondition.pathPatterns(['/*'])],
        action: elb.ListenerAction.weightedForward([
          { targetGroup: one, weight: 100 },
          { targetGroup: other, weight: 0 },
        ]),
      });
    };
    const production = rule('Production', 80);
    const test = rule('Test', 9000);

    const service = new ecs.FargateService(this, 'Service', {
      cluster,
      serviceName: 'app',
      taskDefinition,
      desiredCount: 2,
      minHealthyPercent: 100,
      healthCheckGracePeriod: Duration.seconds(60),
      deploymentStrategy: ecs.DeploymentStrategy.BLUE_GREEN,
      bakeTime: Duration.minutes(10),
      // AWS documents it for rolling and blue/green deployments only.
      circuitBreaker: props.strategy === 'BLUE_GREEN' ? { rollback: true } : undefined,
    });
    one.addTarget(
      service.loadBalancerTarget({
        containerName: 'app',
        containerPort: 8080,
        alternateTarget: new ecs.AlternateTarget('Alternate', {
          alternateTargetGroup: other,
          productionListener: ecs.ListenerRuleConfiguration.applicationListenerRule(production),
          testListener: ecs.ListenerRuleConfiguration.applicationListenerRule(test),
        }),
      }),
    );
    const hooks = ec2.SecurityGroup.fromSecurityGroupId(this, 'Hooks', props.hooksSecurityGroupId);
    balancer.connections.allowFrom(hooks, ec2.Port.tcp(9000), 'test traffic');
    balancer.connections.allowFrom(hooks, ec2.Port.tcp(80), 'at POST_PRODUCTION_TRAFFIC_SHIFT the hooks are users');
    balancer.connections.allowFrom(ec2.Peer.ipv4(vpc.vpcCidrBlock), ec2.Port.tcp(80), 'users');
    service.connections.allowFrom(hooks, ec2.Port.tcp(8080), 'at POST_SCALE_UP tasks are asked by their addresses');

    // Named here: a reference would make a circle of service and alarm.
    const alarmName = `${id}-errors`;
    new cloudwatch.Alarm(this, 'Errors', {
      alarmName,
      // Of the load balancer, not of a target group: green is now in the one, now in the other.
      metric: balancer.metrics.httpCodeTarget(elb.HttpCodeTarget.TARGET_5XX_COUNT, { period: Duration.minutes(1) }),
      threshold: 10,
      evaluationPeriods: 2,
      treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
    });
    service.enableDeploymentAlarms([alarmName], { behavior: ecs.AlarmBehavior.ROLLBACK_ON_ALARM });

    gate(service, props);
  }
}

/** Puts greenlight's hooks where they belong, and the strategy with them. */
function gate(service: ecs.FargateService, props: ServiceProps) {
  const goesInSteps = props.strategy !== 'BLUE_GREEN';
  const before = goesInSteps ? ['PRE_PRODUCTION_TRAFFIC_SHIFT'] : [];
  const hook = (name: string, stages: string[]) => ({
    HookTargetArn: Fn.importValue(`${props.hooksStack}-${name}Arn`),
    RoleArn: Fn.importValue(`${props.hooksStack}-InvokeRoleArn`),
    LifecycleStages: stages,
    // A hook that is not heard of for this long is a no.
    TimeoutConfiguration: { TimeoutInMinutes: 30, Action: 'ROLLBACK' },
  });
  const resource = service.node.defaultChild as ecs.CfnService;
  const set = (key: string, value: unknown) => resource.addPropertyOverride(`DeploymentConfiguration.${key}`, value);
  set('Strategy', props.strategy);
  if (props.strategy === 'LINEAR') set('LinearConfiguration', { StepPercent: 20, StepBakeTimeInMinutes: 6 });
  if (props.strategy === 'CANARY') set('CanaryConfiguration', { CanaryPercent: 10, CanaryBakeTimeInMinutes: 10 });
  set('LifecycleHooks', [
    hook('Preflight', ['PRE_SCALE_UP']),
    hook('Health', ['POST_SCALE_UP', ...before, 'POST_PRODUCTION_TRAFFIC_SHIFT']),
    hook('TestTraffic', ['POST_SCALE_UP', 'POST_TEST_TRAFFIC_SHIFT', 'POST_PRODUCTION_TRAFFIC_SHIFT']),
    hook('Metrics', [...before, 'POST_PRODUCTION_TRAFFIC_SHIFT']),
  ]);
}

const app = new App();
const context = (key: string, example: string): string => app.node.tryGetContext(key) ?? example;
const vpc = {
  vpcId: context('vpcId', 'vpc-0123456789abcdef0'),
  vpcCidrBlock: context('vpcCidrBlock', '10.0.0.0/16'),
  availabilityZones: context('availabilityZones', 'us-east-1a,us-east-1b').split(','),
  privateSubnetIds: context('subnetIds', 'subnet-0123456789abcdef0,subnet-0123456789abcdef1').split(','),
};
for (const [id, strategy] of [['BlueGreen', 'BLUE_GREEN'], ['Linear', 'LINEAR'], ['Canary', 'CANARY']] as const) {
  new Service(app, id, {
    strategy,
    hooksStack: 'greenlight',
    hooksSecurityGroupId: context('hooksSecurityGroupId', 'sg-0123456789abcdef0'),
    vpc,
    image: context('image', 'public.ecr.aws/docker/library/nginx@sha256:0000000000000000000000000000000000000000000000000000000000000000'),
  });
}
