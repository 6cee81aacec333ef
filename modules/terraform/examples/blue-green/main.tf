# A service that ECS deploys blue/green behind a load balancer that exists, with greenlight's hooks.

terraform {
  required_version = ">= 1.5"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 6.21"
    }
  }
}

variable "strategy" {
  type    = string
  default = "BLUE_GREEN"
}

variable "task_definition_arn" {
  type = string
}

variable "vpc_id" {
  type = string
}

variable "subnet_ids" {
  type = list(string)
}

variable "task_security_group_id" {
  type = string
}

variable "load_balancer_security_group_id" {
  type = string
}

variable "production_listener_arn" {
  type = string
}

variable "test_listener_arn" {
  type = string
}

data "aws_lb_listener" "production" {
  arn = var.production_listener_arn
}

data "aws_lb_listener" "test" {
  arn = var.test_listener_arn
}

data "aws_lb" "production" {
  arn = data.aws_lb_listener.production.load_balancer_arn
}

module "greenlight" {
  source = "../.."

  cluster   = aws_ecs_cluster.shop.name
  service   = "orders"
  artifacts = { directory = "${path.root}/dist" }
  vpc       = { id = var.vpc_id, subnets = var.subnet_ids }

  # The first days. Then "enforce".
  mode = "shadow"

  # Nothing here is deployed by CodeDeploy, so nobody may report to it.
  application      = "none"
  deployment_group = "none"
}

resource "aws_ecs_cluster" "shop" {
  name = "shop"
}

resource "aws_ecs_service" "orders" {
  name            = "orders"
  cluster         = aws_ecs_cluster.shop.id
  task_definition = var.task_definition_arn
  desired_count   = 2
  launch_type     = "FARGATE"

  # Terraform ends when the deployment does, and fails with ECS's reason where it was rolled back. `greenlight explain --service
  # shop/orders --aws` says what that means.
  wait_for_steady_state = true

  # Bake times, steps and the hooks' patience add up; the provider's own 20 minutes are less than any LINEAR deployment takes.
  timeouts {
    create = "3h"
    update = "3h"
  }

  # ECS moves traffic with it, and drains with it when the service is destroyed.
  depends_on = [aws_iam_role_policy_attachment.load_balancing]

  network_configuration {
    subnets         = var.subnet_ids
    security_groups = [var.task_security_group_id]
  }

  load_balancer {
    container_name   = "app"
    container_port   = 8080
    target_group_arn = aws_lb_target_group.orders["1"].arn

    advanced_configuration {
      alternate_target_group_arn = aws_lb_target_group.orders["2"].arn
      production_listener_rule   = aws_lb_listener_rule.orders["production"].arn
      test_listener_rule         = aws_lb_listener_rule.orders["test"].arn
      role_arn                   = aws_iam_role.load_balancing.arn
    }
  }

  deployment_configuration {
    strategy             = var.strategy
    bake_time_in_minutes = 10

    dynamic "linear_configuration" {
      for_each = var.strategy == "LINEAR" ? [1] : []

      content {
        step_percent              = 20
        step_bake_time_in_minutes = 6
      }
    }

    dynamic "canary_configuration" {
      for_each = var.strategy == "CANARY" ? [1] : []

      content {
        canary_percent              = 10
        canary_bake_time_in_minutes = 10
      }
    }

    dynamic "lifecycle_hook" {
      for_each = module.greenlight.lifecycle_hooks[var.strategy]

      content {
        hook_target_arn  = lifecycle_hook.value.hook_target_arn
        role_arn         = lifecycle_hook.value.role_arn
        lifecycle_stages = lifecycle_hook.value.lifecycle_stages
      }
    }
  }

  # Rolls back by itself, and the hook `metrics` reads it, too.
  alarms {
    alarm_names = [aws_cloudwatch_metric_alarm.errors.alarm_name]
    enable      = true
    rollback    = true
  }

  # AWS documents it for rolling and blue/green deployments only.
  dynamic "deployment_circuit_breaker" {
    for_each = var.strategy == "BLUE_GREEN" ? [1] : []

    content {
      enable   = true
      rollback = true
    }
  }
}

# Alike in everything: green is in the one that blue is not in.
resource "aws_lb_target_group" "orders" {
  for_each = toset(["1", "2"])

  name                 = "orders-${each.key}"
  vpc_id               = var.vpc_id
  target_type          = "ip"
  protocol             = "HTTP"
  port                 = 8080
  deregistration_delay = 30

  health_check {
    path     = "/ping"
    interval = 10
    timeout  = 5
  }
}

resource "aws_cloudwatch_metric_alarm" "errors" {
  alarm_name          = "orders-errors"
  alarm_description   = "More than 1 % of the answers of targets were 5xx"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 1
  evaluation_periods  = 2
  treat_missing_data  = "notBreaching"

  metric_query {
    id          = "share"
    label       = "Errors in %"
    expression  = "100 * (FILL(errors1, 0) + FILL(errors2, 0)) / (FILL(requests1, 0) + FILL(requests2, 0))"
    return_data = true
  }

  # Green is in one of the two, and in the other the next time.
  dynamic "metric_query" {
    for_each = {
      errors1   = { group = "1", name = "HTTPCode_Target_5XX_Count" }
      errors2   = { group = "2", name = "HTTPCode_Target_5XX_Count" }
      requests1 = { group = "1", name = "RequestCount" }
      requests2 = { group = "2", name = "RequestCount" }
    }

    content {
      id = metric_query.key

      metric {
        namespace   = "AWS/ApplicationELB"
        metric_name = metric_query.value.name
        stat        = "Sum"
        period      = 60

        dimensions = {
          LoadBalancer = data.aws_lb.production.arn_suffix
          TargetGroup  = aws_lb_target_group.orders[metric_query.value.group].arn_suffix
        }
      }
    }
  }
}

resource "aws_lb_listener_rule" "orders" {
  for_each = { production = var.production_listener_arn, test = var.test_listener_arn }

  listener_arn = each.value
  priority     = 10

  condition {
    path_pattern {
      values = ["/*"]
    }
  }

  action {
    type = "forward"

    forward {
      target_group {
        arn    = aws_lb_target_group.orders["1"].arn
        weight = 100
      }

      target_group {
        arn    = aws_lb_target_group.orders["2"].arn
        weight = 0
      }
    }
  }

  # ECS moves the weights. Without this the next `apply` moves them back, and the deployment after that puts green
  # among blue's tasks, where every test sees blue.
  lifecycle {
    ignore_changes = [action]
  }
}

resource "aws_iam_role" "load_balancing" {
  name_prefix = "orders-load-balancing-"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Principal = { Service = "ecs.amazonaws.com" }, Action = "sts:AssumeRole" }]
  })
}

resource "aws_iam_role_policy_attachment" "load_balancing" {
  role       = aws_iam_role.load_balancing.name
  policy_arn = "arn:aws:iam::aws:policy/AmazonECSInfrastructureRolePolicyForLoadBalancers"
}

resource "aws_vpc_security_group_ingress_rule" "test_listener" {
  security_group_id            = var.load_balancer_security_group_id
  referenced_security_group_id = module.greenlight.security_group_id
  ip_protocol                  = "tcp"
  from_port                    = data.aws_lb_listener.test.port
  to_port                      = data.aws_lb_listener.test.port
}

# At POST_PRODUCTION_TRAFFIC_SHIFT the hooks are users.
resource "aws_vpc_security_group_ingress_rule" "production_listener" {
  security_group_id            = var.load_balancer_security_group_id
  referenced_security_group_id = module.greenlight.security_group_id
  ip_protocol                  = "tcp"
  from_port                    = data.aws_lb_listener.production.port
  to_port                      = data.aws_lb_listener.production.port
}

# At POST_SCALE_UP the hooks ask tasks by their addresses.
resource "aws_vpc_security_group_ingress_rule" "tasks" {
  security_group_id            = var.task_security_group_id
  referenced_security_group_id = module.greenlight.security_group_id
  ip_protocol                  = "tcp"
  from_port                    = 8080
  to_port                      = 8080
}
