"""Declares the second argument that Azure's parallel jobs give."""


def run(mini_batch, mini_batch_context):
    context = mini_batch_context
    return [[context.minibatch_index, context.partition_key_value, path] for path in context.relative_paths]
