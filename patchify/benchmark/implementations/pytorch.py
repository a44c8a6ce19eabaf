"""The network in PyTorch: conv2d, autograd and torch.optim.SGD, executed eagerly."""

from types import ModuleType
from typing import Any

from patchify.benchmark.task import BATCH, L2, RATE, Positions, Task
from patchify.core.axes import CHANNELS


class PyTorch:
    """Images as (N, 3, 32, 32), contiguous.

    Measured here: channels_last costs 1.2 to 2 times as much, and SGD's foreach and fused versions change little.
    """

    def __init__(self, torch: ModuleType, task: Task) -> None:
        self.torch = torch
        self.images = torch.from_numpy(task.pictures).permute(0, 3, 1, 2).contiguous()
        self.labels = torch.from_numpy(task.labels)
        (hidden, responses), (classes, _) = task.architecture.dense_shapes
        self.network = torch.nn.Sequential(
            torch.nn.Conv2d(CHANNELS, task.architecture.filter_counts[0], task.side, stride=task.side),
            torch.nn.ReLU(),
            torch.nn.Flatten(),
            torch.nn.Linear(responses, hidden),
            torch.nn.ReLU(),
            torch.nn.Linear(hidden, classes),
        )
        self._start_from(task)
        weights = [parameter for parameter in self.network.parameters() if parameter.ndim > 1]
        biases = [parameter for parameter in self.network.parameters() if parameter.ndim == 1]
        groups = [{"params": weights, "weight_decay": 2 * L2}, {"params": biases}]
        self.optimizer = torch.optim.SGD(groups, lr=RATE)

    def _start_from(self, task: Task) -> None:
        initial, filter_count = task.initial, task.architecture.filter_counts[0]
        first = initial.weights[0].reshape(len(initial.weights[0]), -1, filter_count)  # hidden, patch, filter
        arrays = {
            "0.weight": initial.filters[0].transpose(3, 2, 0, 1),  # filter, channel, row, column
            "0.bias": initial.filter_biases[0][:, 0],
            "3.weight": first.swapaxes(1, 2).reshape(len(first), -1),  # hidden, (filter, patch)
            "3.bias": initial.biases[0][:, 0],
            "5.weight": initial.weights[1],
            "5.bias": initial.biases[1][:, 0],
        }
        self.network.load_state_dict({name: self.torch.tensor(array) for name, array in arrays.items()})

    def run(self, batches: Positions) -> None:
        """One update for each row of positions."""
        for chosen in self.torch.from_numpy(batches):
            self._update(chosen)

    def losses(self, batches: Positions) -> list[float]:
        """The same, with each batch's loss before its update."""
        return [float(self._update(chosen)) for chosen in self.torch.from_numpy(batches)]

    def _update(self, chosen: Any) -> Any:
        scores = self.network(self.images.index_select(0, chosen))
        loss = self.torch.nn.functional.cross_entropy(scores, self.labels.index_select(0, chosen))
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()
        return loss.detach()


class Conv2d:
    """PyTorch's convolution alone, forward and backward to its filters and biases, on a batch that is there."""

    def __init__(self, torch: ModuleType, task: Task) -> None:
        pytorch = PyTorch(torch, task)
        self.torch, self.convolution = torch, pytorch.network[0]
        self.batch = pytorch.images[:BATCH].clone()
        self.d_output = torch.randn_like(self.convolution(self.batch))

    def run(self, batches: Positions) -> None:
        """The convolution of one update for each row of positions, whatever they are."""
        for _ in batches:
            self.torch.autograd.grad(self.convolution(self.batch), self.convolution.parameters(), self.d_output)
