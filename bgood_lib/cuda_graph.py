"""One launch instead of hundreds: a training step recorded once and replayed (CUDA only)."""

import torch


def record(function, network, *examples):
    """Record a function of tensors as a CUDA graph.

    Small networks leave a large GPU waiting for the next kernel; a graph has all of them ready.

    Parameters
    ----------
    function : callable
        Reads tensors shaped like ``examples``, may call ``backward``, returns one tensor. Its work
        must not depend on values (no ``.item()``, no boolean indexing). Gradients that are left
        over from earlier steps must be None.
    network : torch.nn.Module
        Recording runs the function a few times; what that does to the network's buffers (the
        statistics of batch normalisation) is undone.
    *examples : Tensor
        On the CUDA device.

    Returns
    -------
    callable : same arguments, same result; the gradients are where recording left them and are
        overwritten by every call.
    """
    inputs = [example.clone() for example in examples]
    before = [buffer.clone() for buffer in network.buffers()]
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(3):
            network.zero_grad(set_to_none=True)
            function(*inputs)
    torch.cuda.current_stream().wait_stream(stream)
    network.zero_grad(set_to_none=True)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        output = function(*inputs)
    for buffer, value in zip(network.buffers(), before):
        buffer.copy_(value)

    def replay(*values):
        for place, value in zip(inputs, values):
            place.copy_(value)
        graph.replay()
        return output

    return replay
