"""Populations and parameters from data: the reconstructed register, fits and their margins."""

from calibration.reconstruction import reconstruct

__all__ = ["reconstruct"]
