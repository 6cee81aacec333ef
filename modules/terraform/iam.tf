# Written by a test, from what `greenlight iam` knows:
#
#     GREENLIGHT_WRITE_DOCS=1 cargo test --workspace --lib the_templates

# For the function CodeDeployHook_${var.name}-test-traffic.
data "aws_iam_policy_document" "greenlight_test_traffic" {
  statement {
    sid = "WriteLogs"
    actions = [
      "logs:CreateLogStream",
      "logs:PutLogEvents",
    ]
    resources = ["arn:${data.aws_partition.current.partition}:logs:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:log-group:/aws/lambda/CodeDeployHook_${var.name}-test-traffic:*"]
  }

  statement {
    sid       = "FollowTheDeployment"
    actions   = ["ecs:DescribeServiceDeployments"]
    resources = ["arn:${data.aws_partition.current.partition}:ecs:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:service-deployment/${var.cluster}/${var.service}/*"]
  }

  statement {
    sid       = "ReadTheRevisions"
    actions   = ["ecs:DescribeServiceRevisions"]
    resources = ["arn:${data.aws_partition.current.partition}:ecs:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:service-revision/${var.cluster}/${var.service}/*"]
  }

  statement {
    sid       = "ListTheTasks"
    actions   = ["ecs:ListTasks"]
    resources = ["*"]

    condition {
      test     = "ArnEquals"
      variable = "ecs:cluster"
      values   = ["arn:${data.aws_partition.current.partition}:ecs:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:cluster/${var.cluster}"]
    }
  }

  statement {
    sid       = "ReadTheTasks"
    actions   = ["ecs:DescribeTasks"]
    resources = ["arn:${data.aws_partition.current.partition}:ecs:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:task/${var.cluster}/*"]
  }

  statement {
    sid       = "ReadTheTaskDefinition"
    actions   = ["ecs:DescribeTaskDefinition"]
    resources = ["*"]
  }

  statement {
    sid       = "ReadTheTaskSets"
    actions   = ["ecs:DescribeTaskSets"]
    resources = ["arn:${data.aws_partition.current.partition}:ecs:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:task-set/${var.cluster}/${var.service}/*"]
  }

  statement {
    sid = "FindTheRoute"
    actions = [
      "elasticloadbalancing:DescribeRules",
      "elasticloadbalancing:DescribeListeners",
      "elasticloadbalancing:DescribeLoadBalancers",
      "elasticloadbalancing:DescribeTargetGroups",
      "elasticloadbalancing:DescribeTargetHealth",
    ]
    resources = ["*"]
  }

  statement {
    sid       = "ReadCertificateNames"
    actions   = ["acm:DescribeCertificate"]
    resources = ["arn:${data.aws_partition.current.partition}:acm:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:certificate/*"]
  }

  statement {
    sid = "ReadTheDeploymentGroup"
    actions = [
      "codedeploy:GetDeployment",
      "codedeploy:GetDeploymentGroup",
    ]
    resources = ["arn:${data.aws_partition.current.partition}:codedeploy:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:deploymentgroup:${var.application}/${var.deployment_group}"]
  }

  statement {
    sid = "ReadTheLifecycleEvents"
    actions = [
      "codedeploy:ListDeploymentTargets",
      "codedeploy:GetDeploymentTarget",
    ]
    resources = ["*"]
  }

  statement {
    sid       = "ReportToCodeDeploy"
    actions   = ["codedeploy:PutLifecycleEventHookExecutionStatus"]
    resources = ["arn:${data.aws_partition.current.partition}:codedeploy:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:deploymentgroup:${var.application}/${var.deployment_group}"]
  }

  dynamic "statement" {
    for_each = local.pauses["test-traffic"] ? [1] : []

    content {
      sid       = "AnswerThePause"
      actions   = ["ecs:ContinueServiceDeployment"]
      resources = ["arn:${data.aws_partition.current.partition}:ecs:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:service-deployment/${var.cluster}/${var.service}/*"]
    }
  }

  statement {
    sid     = "InvokeItself"
    actions = ["lambda:InvokeFunction"]
    resources = [
      "arn:${data.aws_partition.current.partition}:lambda:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:function:CodeDeployHook_${var.name}-test-traffic",
      "arn:${data.aws_partition.current.partition}:lambda:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:function:CodeDeployHook_${var.name}-test-traffic:*",
    ]
  }

  dynamic "statement" {
    for_each = local.hooks["test-traffic"].in_vpc ? [1] : []

    content {
      sid = "AttachToTheVpc"
      actions = [
        "ec2:CreateNetworkInterface",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSubnets",
        "ec2:DeleteNetworkInterface",
        "ec2:AssignPrivateIpAddresses",
        "ec2:UnassignPrivateIpAddresses",
      ]
      resources = ["*"]
    }
  }

  statement {
    sid       = "ReadThePlan"
    actions   = ["ssm:GetParameter"]
    resources = ["arn:${data.aws_partition.current.partition}:ssm:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:parameter/${var.parameter_path}/*"]
  }

  statement {
    sid       = "DecryptTheParameters"
    actions   = ["kms:Decrypt"]
    resources = ["arn:${data.aws_partition.current.partition}:kms:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:key/*"]

    condition {
      test     = "StringLike"
      variable = "kms:ViaService"
      values   = ["ssm.${data.aws_region.current.region}.amazonaws.com*"]
    }
  }

  dynamic "statement" {
    for_each = var.event_bus_arn != null ? [1] : []

    content {
      sid       = "TellTheEventBus"
      actions   = ["events:PutEvents"]
      resources = [var.event_bus_arn]
    }
  }

  dynamic "statement" {
    for_each = length(var.secret_arns) > 0 ? [1] : []

    content {
      sid       = "ReadTheSecrets"
      actions   = ["secretsmanager:GetSecretValue"]
      resources = var.secret_arns
    }
  }

  dynamic "statement" {
    for_each = length(var.secret_arns) > 0 ? [1] : []

    content {
      sid       = "DecryptTheSecrets"
      actions   = ["kms:Decrypt"]
      resources = ["arn:${data.aws_partition.current.partition}:kms:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:key/*"]

      condition {
        test     = "StringLike"
        variable = "kms:ViaService"
        values   = ["secretsmanager.${data.aws_region.current.region}.amazonaws.com*"]
      }
    }
  }
}

# For the function CodeDeployHook_${var.name}-health.
data "aws_iam_policy_document" "greenlight_health" {
  statement {
    sid = "WriteLogs"
    actions = [
      "logs:CreateLogStream",
      "logs:PutLogEvents",
    ]
    resources = ["arn:${data.aws_partition.current.partition}:logs:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:log-group:/aws/lambda/CodeDeployHook_${var.name}-health:*"]
  }

  statement {
    sid       = "FollowTheDeployment"
    actions   = ["ecs:DescribeServiceDeployments"]
    resources = ["arn:${data.aws_partition.current.partition}:ecs:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:service-deployment/${var.cluster}/${var.service}/*"]
  }

  statement {
    sid       = "ReadTheRevisions"
    actions   = ["ecs:DescribeServiceRevisions"]
    resources = ["arn:${data.aws_partition.current.partition}:ecs:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:service-revision/${var.cluster}/${var.service}/*"]
  }

  statement {
    sid       = "ListTheTasks"
    actions   = ["ecs:ListTasks"]
    resources = ["*"]

    condition {
      test     = "ArnEquals"
      variable = "ecs:cluster"
      values   = ["arn:${data.aws_partition.current.partition}:ecs:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:cluster/${var.cluster}"]
    }
  }

  statement {
    sid       = "ReadTheTasks"
    actions   = ["ecs:DescribeTasks"]
    resources = ["arn:${data.aws_partition.current.partition}:ecs:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:task/${var.cluster}/*"]
  }

  statement {
    sid       = "ReadTheService"
    actions   = ["ecs:DescribeServices"]
    resources = ["arn:${data.aws_partition.current.partition}:ecs:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:service/${var.cluster}/${var.service}"]
  }

  statement {
    sid       = "ReadTheTaskDefinition"
    actions   = ["ecs:DescribeTaskDefinition"]
    resources = ["*"]
  }

  statement {
    sid       = "ReadTheTaskSets"
    actions   = ["ecs:DescribeTaskSets"]
    resources = ["arn:${data.aws_partition.current.partition}:ecs:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:task-set/${var.cluster}/${var.service}/*"]
  }

  statement {
    sid = "FindTheRoute"
    actions = [
      "elasticloadbalancing:DescribeRules",
      "elasticloadbalancing:DescribeListeners",
      "elasticloadbalancing:DescribeLoadBalancers",
      "elasticloadbalancing:DescribeTargetGroups",
      "elasticloadbalancing:DescribeTargetHealth",
    ]
    resources = ["*"]
  }

  statement {
    sid       = "ReadCertificateNames"
    actions   = ["acm:DescribeCertificate"]
    resources = ["arn:${data.aws_partition.current.partition}:acm:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:certificate/*"]
  }

  statement {
    sid = "ReadTheDeploymentGroup"
    actions = [
      "codedeploy:GetDeployment",
      "codedeploy:GetDeploymentGroup",
    ]
    resources = ["arn:${data.aws_partition.current.partition}:codedeploy:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:deploymentgroup:${var.application}/${var.deployment_group}"]
  }

  statement {
    sid = "ReadTheLifecycleEvents"
    actions = [
      "codedeploy:ListDeploymentTargets",
      "codedeploy:GetDeploymentTarget",
    ]
    resources = ["*"]
  }

  statement {
    sid       = "ReportToCodeDeploy"
    actions   = ["codedeploy:PutLifecycleEventHookExecutionStatus"]
    resources = ["arn:${data.aws_partition.current.partition}:codedeploy:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:deploymentgroup:${var.application}/${var.deployment_group}"]
  }

  dynamic "statement" {
    for_each = local.pauses["health"] ? [1] : []

    content {
      sid       = "AnswerThePause"
      actions   = ["ecs:ContinueServiceDeployment"]
      resources = ["arn:${data.aws_partition.current.partition}:ecs:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:service-deployment/${var.cluster}/${var.service}/*"]
    }
  }

  statement {
    sid     = "InvokeItself"
    actions = ["lambda:InvokeFunction"]
    resources = [
      "arn:${data.aws_partition.current.partition}:lambda:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:function:CodeDeployHook_${var.name}-health",
      "arn:${data.aws_partition.current.partition}:lambda:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:function:CodeDeployHook_${var.name}-health:*",
    ]
  }

  dynamic "statement" {
    for_each = local.hooks["health"].in_vpc ? [1] : []

    content {
      sid = "AttachToTheVpc"
      actions = [
        "ec2:CreateNetworkInterface",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSubnets",
        "ec2:DeleteNetworkInterface",
        "ec2:AssignPrivateIpAddresses",
        "ec2:UnassignPrivateIpAddresses",
      ]
      resources = ["*"]
    }
  }

  statement {
    sid       = "ReadThePlan"
    actions   = ["ssm:GetParameter"]
    resources = ["arn:${data.aws_partition.current.partition}:ssm:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:parameter/${var.parameter_path}/*"]
  }

  statement {
    sid       = "DecryptTheParameters"
    actions   = ["kms:Decrypt"]
    resources = ["arn:${data.aws_partition.current.partition}:kms:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:key/*"]

    condition {
      test     = "StringLike"
      variable = "kms:ViaService"
      values   = ["ssm.${data.aws_region.current.region}.amazonaws.com*"]
    }
  }

  dynamic "statement" {
    for_each = var.event_bus_arn != null ? [1] : []

    content {
      sid       = "TellTheEventBus"
      actions   = ["events:PutEvents"]
      resources = [var.event_bus_arn]
    }
  }
}

# For the function CodeDeployHook_${var.name}-metrics.
data "aws_iam_policy_document" "greenlight_metrics" {
  statement {
    sid = "WriteLogs"
    actions = [
      "logs:CreateLogStream",
      "logs:PutLogEvents",
    ]
    resources = ["arn:${data.aws_partition.current.partition}:logs:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:log-group:/aws/lambda/CodeDeployHook_${var.name}-metrics:*"]
  }

  statement {
    sid       = "FollowTheDeployment"
    actions   = ["ecs:DescribeServiceDeployments"]
    resources = ["arn:${data.aws_partition.current.partition}:ecs:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:service-deployment/${var.cluster}/${var.service}/*"]
  }

  statement {
    sid       = "ReadTheRevisions"
    actions   = ["ecs:DescribeServiceRevisions"]
    resources = ["arn:${data.aws_partition.current.partition}:ecs:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:service-revision/${var.cluster}/${var.service}/*"]
  }

  statement {
    sid       = "ReadTheTaskSets"
    actions   = ["ecs:DescribeTaskSets"]
    resources = ["arn:${data.aws_partition.current.partition}:ecs:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:task-set/${var.cluster}/${var.service}/*"]
  }

  statement {
    sid       = "FindTheRoute"
    actions   = ["elasticloadbalancing:DescribeTargetGroups"]
    resources = ["*"]
  }

  statement {
    sid       = "ReadTheAlarms"
    actions   = ["cloudwatch:DescribeAlarms"]
    resources = ["*"]
  }

  statement {
    sid       = "ReadTheMetrics"
    actions   = ["cloudwatch:GetMetricData"]
    resources = ["*"]
  }

  statement {
    sid = "ReadTheDeploymentGroup"
    actions = [
      "codedeploy:GetDeployment",
      "codedeploy:GetDeploymentGroup",
    ]
    resources = ["arn:${data.aws_partition.current.partition}:codedeploy:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:deploymentgroup:${var.application}/${var.deployment_group}"]
  }

  statement {
    sid = "ReadTheLifecycleEvents"
    actions = [
      "codedeploy:ListDeploymentTargets",
      "codedeploy:GetDeploymentTarget",
    ]
    resources = ["*"]
  }

  statement {
    sid       = "ReportToCodeDeploy"
    actions   = ["codedeploy:PutLifecycleEventHookExecutionStatus"]
    resources = ["arn:${data.aws_partition.current.partition}:codedeploy:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:deploymentgroup:${var.application}/${var.deployment_group}"]
  }

  dynamic "statement" {
    for_each = local.pauses["metrics"] ? [1] : []

    content {
      sid       = "AnswerThePause"
      actions   = ["ecs:ContinueServiceDeployment"]
      resources = ["arn:${data.aws_partition.current.partition}:ecs:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:service-deployment/${var.cluster}/${var.service}/*"]
    }
  }

  statement {
    sid     = "InvokeItself"
    actions = ["lambda:InvokeFunction"]
    resources = [
      "arn:${data.aws_partition.current.partition}:lambda:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:function:CodeDeployHook_${var.name}-metrics",
      "arn:${data.aws_partition.current.partition}:lambda:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:function:CodeDeployHook_${var.name}-metrics:*",
    ]
  }

  statement {
    sid       = "ReadThePlan"
    actions   = ["ssm:GetParameter"]
    resources = ["arn:${data.aws_partition.current.partition}:ssm:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:parameter/${var.parameter_path}/*"]
  }

  statement {
    sid       = "DecryptTheParameters"
    actions   = ["kms:Decrypt"]
    resources = ["arn:${data.aws_partition.current.partition}:kms:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:key/*"]

    condition {
      test     = "StringLike"
      variable = "kms:ViaService"
      values   = ["ssm.${data.aws_region.current.region}.amazonaws.com*"]
    }
  }

  dynamic "statement" {
    for_each = var.event_bus_arn != null ? [1] : []

    content {
      sid       = "TellTheEventBus"
      actions   = ["events:PutEvents"]
      resources = [var.event_bus_arn]
    }
  }
}

# For the function CodeDeployHook_${var.name}-preflight.
data "aws_iam_policy_document" "greenlight_preflight" {
  statement {
    sid = "WriteLogs"
    actions = [
      "logs:CreateLogStream",
      "logs:PutLogEvents",
    ]
    resources = ["arn:${data.aws_partition.current.partition}:logs:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:log-group:/aws/lambda/CodeDeployHook_${var.name}-preflight:*"]
  }

  statement {
    sid       = "FollowTheDeployment"
    actions   = ["ecs:DescribeServiceDeployments"]
    resources = ["arn:${data.aws_partition.current.partition}:ecs:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:service-deployment/${var.cluster}/${var.service}/*"]
  }

  statement {
    sid       = "ReadTheService"
    actions   = ["ecs:DescribeServices"]
    resources = ["arn:${data.aws_partition.current.partition}:ecs:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:service/${var.cluster}/${var.service}"]
  }

  statement {
    sid       = "ReadTheTaskDefinition"
    actions   = ["ecs:DescribeTaskDefinition"]
    resources = ["*"]
  }

  statement {
    sid = "FindTheRoute"
    actions = [
      "elasticloadbalancing:DescribeRules",
      "elasticloadbalancing:DescribeListeners",
      "elasticloadbalancing:DescribeTargetGroups",
      "elasticloadbalancing:DescribeTargetGroupAttributes",
    ]
    resources = ["*"]
  }

  statement {
    sid = "ReadTheDeploymentGroup"
    actions = [
      "codedeploy:GetDeployment",
      "codedeploy:GetDeploymentGroup",
    ]
    resources = ["arn:${data.aws_partition.current.partition}:codedeploy:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:deploymentgroup:${var.application}/${var.deployment_group}"]
  }

  statement {
    sid = "ReadTheLifecycleEvents"
    actions = [
      "codedeploy:ListDeploymentTargets",
      "codedeploy:GetDeploymentTarget",
    ]
    resources = ["*"]
  }

  statement {
    sid       = "ReportToCodeDeploy"
    actions   = ["codedeploy:PutLifecycleEventHookExecutionStatus"]
    resources = ["arn:${data.aws_partition.current.partition}:codedeploy:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:deploymentgroup:${var.application}/${var.deployment_group}"]
  }

  dynamic "statement" {
    for_each = local.pauses["preflight"] ? [1] : []

    content {
      sid       = "AnswerThePause"
      actions   = ["ecs:ContinueServiceDeployment"]
      resources = ["arn:${data.aws_partition.current.partition}:ecs:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:service-deployment/${var.cluster}/${var.service}/*"]
    }
  }

  statement {
    sid     = "InvokeItself"
    actions = ["lambda:InvokeFunction"]
    resources = [
      "arn:${data.aws_partition.current.partition}:lambda:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:function:CodeDeployHook_${var.name}-preflight",
      "arn:${data.aws_partition.current.partition}:lambda:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:function:CodeDeployHook_${var.name}-preflight:*",
    ]
  }

  statement {
    sid = "ReadTheRoles"
    actions = [
      "iam:GetRole",
      "iam:SimulatePrincipalPolicy",
    ]
    resources = ["arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:role/*"]
  }

  statement {
    sid = "ReadTheFunctions"
    actions = [
      "lambda:GetFunctionConfiguration",
      "lambda:GetPolicy",
    ]
    resources = ["arn:${data.aws_partition.current.partition}:lambda:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:function:*"]
  }

  statement {
    sid       = "ReadThePlan"
    actions   = ["ssm:GetParameter"]
    resources = ["arn:${data.aws_partition.current.partition}:ssm:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:parameter/${var.parameter_path}/*"]
  }

  statement {
    sid       = "DecryptTheParameters"
    actions   = ["kms:Decrypt"]
    resources = ["arn:${data.aws_partition.current.partition}:kms:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:key/*"]

    condition {
      test     = "StringLike"
      variable = "kms:ViaService"
      values   = ["ssm.${data.aws_region.current.region}.amazonaws.com*"]
    }
  }

  dynamic "statement" {
    for_each = var.event_bus_arn != null ? [1] : []

    content {
      sid       = "TellTheEventBus"
      actions   = ["events:PutEvents"]
      resources = [var.event_bus_arn]
    }
  }
}

# For ECS, where it invokes the hooks.
data "aws_iam_policy_document" "greenlight_invoke" {
  statement {
    sid     = "InvokeTheHooks"
    actions = ["lambda:InvokeFunction"]
    resources = [
      "arn:${data.aws_partition.current.partition}:lambda:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:function:CodeDeployHook_${var.name}-test-traffic",
      "arn:${data.aws_partition.current.partition}:lambda:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:function:CodeDeployHook_${var.name}-test-traffic:*",
      "arn:${data.aws_partition.current.partition}:lambda:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:function:CodeDeployHook_${var.name}-health",
      "arn:${data.aws_partition.current.partition}:lambda:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:function:CodeDeployHook_${var.name}-health:*",
      "arn:${data.aws_partition.current.partition}:lambda:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:function:CodeDeployHook_${var.name}-metrics",
      "arn:${data.aws_partition.current.partition}:lambda:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:function:CodeDeployHook_${var.name}-metrics:*",
      "arn:${data.aws_partition.current.partition}:lambda:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:function:CodeDeployHook_${var.name}-preflight",
      "arn:${data.aws_partition.current.partition}:lambda:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:function:CodeDeployHook_${var.name}-preflight:*",
    ]
  }
}

locals {
  policies = {
    test-traffic = data.aws_iam_policy_document.greenlight_test_traffic.json
    health       = data.aws_iam_policy_document.greenlight_health.json
    metrics      = data.aws_iam_policy_document.greenlight_metrics.json
    preflight    = data.aws_iam_policy_document.greenlight_preflight.json
    invoke       = data.aws_iam_policy_document.greenlight_invoke.json
  }
}
