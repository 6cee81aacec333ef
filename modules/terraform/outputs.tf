output "function_arns" {
  description = "The functions' ARNs, by hook."
  value       = { for hook, function in aws_lambda_function.hook : hook => function.arn }
}

output "function_names" {
  description = "The functions' names, by hook, as AppSpecs name them."
  value       = { for hook, function in aws_lambda_function.hook : hook => function.function_name }
}

output "appspec_hooks" {
  description = "What `Hooks` of an AppSpec says, for CodeDeploy: `yamlencode` writes it. (`jsonencode` escapes the brackets of <TASK_DEFINITION>, which CodePipeline then does not find.)"
  value = [
    for entry in [
      { event = "BeforeInstall", hook = "preflight" },
      { event = "AfterInstall", hook = "health" },
      { event = "AfterAllowTestTraffic", hook = "test-traffic" },
      { event = "AfterAllowTraffic", hook = "metrics" },
    ] : { (entry.event) = aws_lambda_function.hook[entry.hook].function_name } if contains(var.hooks, entry.hook)
  ]
}

output "invoke_role_arn" {
  description = "The role with which ECS invokes the functions: `role_arn` of a `lifecycle_hook`."
  value       = aws_iam_role.invoke.arn

  # Who calls with a role that may not yet is denied, and that fails a deployment.
  depends_on = [aws_iam_role_policy.invoke]
}

output "security_group_id" {
  description = "Of the hooks that speak to green: let it in at the test listener, and at the tasks. Null outside a VPC."
  value       = one(aws_security_group.hook[*].id)
}

locals {
  # Where each hook belongs. Before each step of a linear or canary deployment, what the step before did.
  stages = {
    BLUE_GREEN = {
      preflight    = ["PRE_SCALE_UP"]
      health       = ["POST_SCALE_UP", "POST_PRODUCTION_TRAFFIC_SHIFT"]
      test-traffic = ["POST_SCALE_UP", "POST_TEST_TRAFFIC_SHIFT", "POST_PRODUCTION_TRAFFIC_SHIFT"]
      metrics      = ["POST_PRODUCTION_TRAFFIC_SHIFT"]
    }
    IN_STEPS = {
      preflight    = ["PRE_SCALE_UP"]
      health       = ["POST_SCALE_UP", "PRE_PRODUCTION_TRAFFIC_SHIFT", "POST_PRODUCTION_TRAFFIC_SHIFT"]
      test-traffic = ["POST_SCALE_UP", "POST_TEST_TRAFFIC_SHIFT", "POST_PRODUCTION_TRAFFIC_SHIFT"]
      metrics      = ["PRE_PRODUCTION_TRAFFIC_SHIFT", "POST_PRODUCTION_TRAFFIC_SHIFT"]
    }
  }

  lifecycle_hooks = {
    for strategy, stages in local.stages : strategy => [
      for hook in ["preflight", "health", "test-traffic", "metrics"] : {
        hook_target_arn = aws_lambda_function.hook[hook].arn
        role_arn        = aws_iam_role.invoke.arn
        # Tasks have private addresses, which nobody reaches from outside the VPC.
        lifecycle_stages = [
          for stage in stages[hook] : stage if stage != "POST_SCALE_UP" || hook != "test-traffic" || var.vpc != null
        ]
      } if contains(var.hooks, hook)
    ]
  }
}

output "lifecycle_hooks" {
  description = "What `dynamic \"lifecycle_hook\"` of a service's `deployment_configuration` iterates over, by strategy."
  value = {
    BLUE_GREEN = local.lifecycle_hooks["BLUE_GREEN"]
    LINEAR     = local.lifecycle_hooks["IN_STEPS"]
    CANARY     = local.lifecycle_hooks["IN_STEPS"]
  }

  depends_on = [aws_iam_role_policy.invoke]
}
