"""What hosts the twins: bytes of the control protocol in, bytes out."""
