variable "name" {
  description = "The functions are called CodeDeployHook_NAME-test-traffic and so on; another name for a second set."
  type        = string
  default     = "greenlight"

  validation {
    condition     = can(regex("^[A-Za-z0-9-]{1,24}$", var.name))
    error_message = "Expected 1 to 24 letters, digits or `-`."
  }
}

variable "cluster" {
  description = "The cluster's name, with * as wildcard; the functions may look at nothing else."
  type        = string
}

variable "service" {
  description = "The service's name, with * as wildcard (orders-*); the functions may look at nothing else."
  type        = string
}

variable "application" {
  description = "The CodeDeploy application whose deployments the functions may look at and report to; none where there is no CodeDeploy."
  type        = string
  default     = "*"
}

variable "deployment_group" {
  description = "Its deployment group; none where there is no CodeDeploy."
  type        = string
  default     = "*"
}

variable "hooks" {
  description = "The hooks to make functions of."
  type        = set(string)
  default     = ["test-traffic", "health", "metrics", "preflight"]

  validation {
    condition     = length(setsubtract(var.hooks, ["test-traffic", "health", "metrics", "preflight"])) == 0
    error_message = "There are test-traffic, health, metrics and preflight."
  }
}

variable "architecture" {
  description = "Of the processors that the functions run on, and were built for: arm64 or x86_64."
  type        = string
  default     = "arm64"

  validation {
    condition     = contains(["arm64", "x86_64"], var.architecture)
    error_message = "Expected arm64 or x86_64."
  }
}

variable "artifacts" {
  description = <<-EOT
    Where the zips HOOK-ARCHITECTURE.zip of a release are: a folder on this machine, or a bucket in the functions' region with
    what stands before their names. `sha256` holds the checksums of the release in base64 (`openssl dgst -sha256 -binary FILE |
    base64`) by hook; with a bucket it is what tells Terraform of a new release.
  EOT
  type = object({
    directory = optional(string)
    bucket    = optional(string)
    prefix    = optional(string, "")
    sha256    = optional(map(string), {})
  })

  validation {
    condition     = (var.artifacts.directory == null) != (var.artifacts.bucket == null)
    error_message = "Expected either `directory` or `bucket`."
  }
}

variable "plans" {
  description = "The plan of a hook as JSON or ssm:NAME, by hook; without one, its own."
  type        = map(string)
  default     = {}
}

variable "mode" {
  description = "enforce, or shadow: always proceed, and say what would have been answered."
  type        = string
  default     = "enforce"

  validation {
    condition     = contains(["enforce", "shadow"], var.mode)
    error_message = "Expected enforce or shadow."
  }
}

variable "parameter_path" {
  description = "Plans and overrides in Parameter Store begin with /PATH/; the functions may read no other parameters."
  type        = string
  default     = "greenlight"
}

variable "secret_arns" {
  description = "The secrets of Secrets Manager that the plan of test-traffic names, by their whole ARNs."
  type        = list(string)
  default     = []
}

variable "vpc" {
  description = <<-EOT
    The VPC from which green is reached, with private subnets that have a NAT route or interface endpoints for the APIs that the
    hooks ask; null where the load balancer faces the internet. `health` too only with its check `envoy`, which speaks to tasks.
  EOT
  type = object({
    id      = string
    subnets = list(string)
    health  = optional(bool, false)
  })
  default = null
}

variable "pause" {
  description = "The stages at which one hook answers the service's PAUSE hooks; null: people do."
  type = object({
    hook   = optional(string, "test-traffic")
    stages = list(string)
  })
  default = null

  validation {
    condition     = var.pause == null || contains(["preflight", "health", "test-traffic", "metrics"], try(var.pause.hook, ""))
    error_message = "`pause.hook` is one of preflight, health, test-traffic and metrics."
  }
}

variable "event_bus_arn" {
  description = "The EventBridge bus that is told of verdicts; null: none."
  type        = string
  default     = null
}

variable "alarm_topic_arn" {
  description = "The SNS topic that hears of functions that broke down; it never hears of a stop, which is an answer."
  type        = string
  default     = null
}

variable "log_retention_in_days" {
  description = "How long evidence is kept."
  type        = number
  default     = 90
}

variable "permissions_boundary_arn" {
  description = "The permissions boundary that every role of your account needs, if it does."
  type        = string
  default     = null
}

variable "tags" {
  description = "Of everything here."
  type        = map(string)
  default     = {}
}
