# One function per hook, with its role, its log and its alarms. The policies stand in iam.tf, which a test writes from what
# `greenlight iam` knows.

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  hooks = {
    # One whole processor: with less, the function's own waiting for it would stand in the latencies that it measures.
    test-traffic = { memory = 1769, in_vpc = var.vpc != null }
    health       = { memory = 256, in_vpc = try(var.vpc.health, false) }
    metrics      = { memory = 256, in_vpc = false }
    preflight    = { memory = 256, in_vpc = false }
  }

  chosen = { for hook, settings in local.hooks : hook => settings if contains(var.hooks, hook) }
  pauses = { for hook, _ in local.hooks : hook => try(var.pause.hook, null) == hook }

  zips = {
    for hook, _ in local.chosen : hook => (
      var.artifacts.directory == null ? null : "${var.artifacts.directory}/${hook}-${var.architecture}.zip"
    )
  }
}

resource "aws_lambda_function" "hook" {
  for_each = local.chosen

  # CodeDeploy's narrower roles invoke only functions of such names; ECS does not mind.
  function_name = "CodeDeployHook_${var.name}-${each.key}"
  role          = aws_iam_role.hook[each.key].arn
  runtime       = "provided.al2023"
  handler       = "bootstrap"
  architectures = [var.architecture]
  memory_size   = each.value.memory
  # A verdict that has to wait is IN_PROGRESS for ECS, and ECS asks again; for CodeDeploy and PAUSE hooks the function waits and
  # invokes itself, 12 times at the most. 13 times 5 minutes are more than the hour that CodeDeploy gives.
  timeout = 300

  filename  = local.zips[each.key]
  s3_bucket = var.artifacts.bucket
  s3_key    = var.artifacts.bucket == null ? null : "${var.artifacts.prefix}${each.key}-${var.architecture}.zip"
  source_code_hash = try(
    var.artifacts.sha256[each.key],
    local.zips[each.key] == null ? null : filebase64sha256(local.zips[each.key]),
  )

  environment {
    variables = merge(
      {
        GREENLIGHT_MODE      = var.mode
        GREENLIGHT_OVERRIDES = "ssm:/${var.parameter_path}/overrides"
      },
      contains(keys(var.plans), each.key) ? { GREENLIGHT_PLAN = var.plans[each.key] } : {},
      local.pauses[each.key] ? { GREENLIGHT_PAUSE = "${var.cluster}/${var.service}" } : {},
      var.event_bus_arn == null ? {} : { GREENLIGHT_EVENT_BUS = var.event_bus_arn },
    )
  }

  logging_config {
    log_format = "JSON"
    log_group  = aws_cloudwatch_log_group.hook[each.key].name
  }

  dynamic "vpc_config" {
    for_each = each.value.in_vpc ? [var.vpc] : []

    content {
      subnet_ids         = vpc_config.value.subnets
      security_group_ids = [aws_security_group.hook[0].id]
    }
  }

  tags = var.tags

  # Lambda needs it to enter a VPC, and to leave it again.
  depends_on = [aws_iam_role_policy.hook]

  lifecycle {
    precondition {
      condition     = local.zips[each.key] == null || fileexists(coalesce(local.zips[each.key], "."))
      error_message = "There is no ${coalesce(local.zips[each.key], "zip")}: download it from a release, or build it with `release/build arm64` (x86_64), which puts it into target/dist."
    }

    precondition {
      condition = try(
        local.zips[each.key] == null || var.artifacts.sha256[each.key] == filebase64sha256(local.zips[each.key]), true
      )
      error_message = "${coalesce(local.zips[each.key], "The zip")} is not what `artifacts.sha256` says: download it again from the release."
    }
  }
}

# CodeDeploy and EventBridge invoke asynchronously, and Lambda tries again only where the verdict could not be reported. Once: the
# second attempt comes a minute later. An event that waited an hour has nobody who waits for it.
resource "aws_lambda_function_event_invoke_config" "hook" {
  for_each = local.chosen

  function_name                = aws_lambda_function.hook[each.key].function_name
  maximum_retry_attempts       = 1
  maximum_event_age_in_seconds = 3600
}

resource "aws_cloudwatch_log_group" "hook" {
  for_each = local.chosen

  name              = "/aws/lambda/CodeDeployHook_${var.name}-${each.key}"
  retention_in_days = var.log_retention_in_days
  tags              = var.tags
}

resource "aws_iam_role" "hook" {
  for_each = local.chosen

  name_prefix          = "${var.name}-${each.key}-"
  assume_role_policy   = data.aws_iam_policy_document.trust["lambda"].json
  permissions_boundary = var.permissions_boundary_arn
  tags                 = var.tags
}

resource "aws_iam_role_policy" "hook" {
  for_each = local.chosen

  name   = each.key
  role   = aws_iam_role.hook[each.key].id
  policy = local.policies[each.key]
}

# The role with which ECS invokes the functions.
resource "aws_iam_role" "invoke" {
  name_prefix          = "${var.name}-invoke-"
  assume_role_policy   = data.aws_iam_policy_document.trust["ecs"].json
  permissions_boundary = var.permissions_boundary_arn
  tags                 = var.tags
}

resource "aws_iam_role_policy" "invoke" {
  name   = "invoke"
  role   = aws_iam_role.invoke.id
  policy = local.policies["invoke"]
}

data "aws_iam_policy_document" "trust" {
  for_each = toset(["lambda", "ecs"])

  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["${each.key}.amazonaws.com"]
    }
  }
}

resource "aws_security_group" "hook" {
  count = var.vpc == null ? 0 : 1

  name_prefix = "${var.name}-hooks-"
  description = "Hooks, which speak to green and to AWS"
  vpc_id      = var.vpc.id
  tags        = var.tags

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_vpc_security_group_egress_rule" "hook" {
  count = var.vpc == null ? 0 : 1

  security_group_id = aws_security_group.hook[0].id
  ip_protocol       = "-1"
  cidr_ipv4         = "0.0.0.0/0"
}
