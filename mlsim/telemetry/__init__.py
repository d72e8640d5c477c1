"""What a running system tells about itself: metrics, the series store, exports."""
