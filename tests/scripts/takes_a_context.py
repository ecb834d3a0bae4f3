"""Declares the second argument that Azure's parallel jobs give."""


def run(mini_batch, mini_batch_context):
    return [[mini_batch_context.minibatch_index, mini_batch_context.partition_key_value] for _ in mini_batch]
