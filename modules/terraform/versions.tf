terraform {
  required_version = ">= 1.5"

  required_providers {
    aws = {
      source = "hashicorp/aws"
      # `aws_lambda_function` and the rest need no newer one; what a service needs says the README.
      version = ">= 6.4"
    }
  }
}
