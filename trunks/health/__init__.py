"""The watch on gateways: asked, judged, told, and kept as history."""
