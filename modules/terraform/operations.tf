# What answers PAUSE hooks, and what tells of functions that broke down.

# Only of this service, and only at these stages: any other may be a person's gate.
resource "aws_cloudwatch_event_rule" "pause" {
  count = var.pause == null ? 0 : 1

  name_prefix = "${var.name}-pause-"
  description = "PAUSE hooks that ${var.pause.hook} answers"
  event_pattern = jsonencode({
    source      = ["aws.ecs"]
    detail-type = ["ECS Hook State Change"]
    detail = {
      eventName = ["HOOK_AWAITING_ACTION"]
      hookType  = ["PAUSE"]
      serviceArn = [{
        wildcard = "arn:${data.aws_partition.current.partition}:ecs:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:service/${var.cluster}/${var.service}"
      }]
      lifecycleStage = var.pause.stages
    }
  })
  tags = var.tags

  lifecycle {
    precondition {
      condition     = contains(var.hooks, var.pause.hook)
      error_message = "`pause.hook` is ${var.pause.hook}, which is none of `hooks`: deploy it, too, or let another one answer."
    }
  }
}

resource "aws_cloudwatch_event_target" "pause" {
  count = var.pause == null ? 0 : 1

  rule = aws_cloudwatch_event_rule.pause[0].name
  arn  = try(aws_lambda_function.hook[var.pause.hook].arn, null)

  retry_policy {
    maximum_retry_attempts       = 10
    maximum_event_age_in_seconds = 3600
  }
}

resource "aws_lambda_permission" "pause" {
  count = var.pause == null ? 0 : 1

  action        = "lambda:InvokeFunction"
  function_name = try(aws_lambda_function.hook[var.pause.hook].function_name, null)
  principal     = "events.amazonaws.com"
  source_arn    = aws_cloudwatch_event_rule.pause[0].arn
}

locals {
  # A function that broke down has answered nothing. A stop is an answer, and no alarm.
  alarms = {
    errors     = { metrics = ["Errors"], filter = null, description = "A hook was killed, ran out of time or memory, or could not report its verdict; its log says which" }
    timeouts   = { metrics = [], filter = "{ $.type = \"platform.report\" && $.record.status = \"timeout\" }", description = "Lambda ended a hook at its timeout, which should never be, as a hook answers before its deadline" }
    unreported = { metrics = ["AsyncEventsDropped"], filter = "{ $.report = \"failed*\" }", description = "A verdict could not be reported to CodeDeploy or ECS; the log's `report` says why" }
  }

  filters = merge([
    for name, alarm in local.alarms : {
      for hook, _ in local.chosen : "${hook}-${name}" => { hook = hook, name = name, pattern = alarm.filter } if alarm.filter != null
    }
  ]...)
}

resource "aws_cloudwatch_log_metric_filter" "hook" {
  for_each = local.filters

  name           = "${var.name}-${each.key}"
  log_group_name = aws_cloudwatch_log_group.hook[each.value.hook].name
  pattern        = each.value.pattern

  metric_transformation {
    namespace = "${var.name}/logs"
    name      = each.value.name
    value     = "1"
  }
}

resource "aws_cloudwatch_metric_alarm" "hook" {
  for_each = local.alarms

  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = each.value.description
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.alarm_topic_arn == null ? [] : [var.alarm_topic_arn]
  tags                = var.tags

  metric_query {
    id          = "all"
    expression  = "SUM(METRICS())"
    label       = each.key
    return_data = true
  }

  dynamic "metric_query" {
    for_each = each.value.filter == null ? [] : [each.key]

    content {
      id = "logs"

      metric {
        namespace   = "${var.name}/logs"
        metric_name = metric_query.value
        period      = 60
        stat        = "Sum"
      }
    }
  }

  dynamic "metric_query" {
    for_each = length(each.value.metrics) == 0 ? {} : local.chosen

    content {
      id = replace(metric_query.key, "-", "_")

      metric {
        namespace   = "AWS/Lambda"
        metric_name = one(each.value.metrics)
        period      = 60
        stat        = "Sum"
        dimensions  = { FunctionName = aws_lambda_function.hook[metric_query.key].function_name }
      }
    }
  }
}
