"""sign_flip: what is sent is minus the truth."""

import numpy as np

from tests.faults.senders import sent_and_read, with_fault


def test_is_read_with_the_other_sign():
    true, read = sent_and_read(with_fault("sign_flip", column="pulse"), "pulse")
    np.testing.assert_array_equal(read, -true)
