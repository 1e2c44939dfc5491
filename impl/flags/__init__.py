# SPDX-License-Identifier: Apache-2.0
"""Feature flags on the pattern: every flag is a field of its app's config, and is evaluated where it is read.

The schema, the order of evaluation and the bucketing are those of Cloudflare's Flagship (documentation pages on
concepts, targeting, rollouts, reasons and limits; REST API schema).
"""
